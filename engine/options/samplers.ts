// The filters of sampling by llama.cpp's names, and the order in which they work. Pure.
import type { SamplerName } from '../public/generation.ts'
import { type Kind, list, text } from './kinds.ts'
import { inside, refused } from './refusal.ts'

/** The usual order (`common_params_sampling` in llama.cpp's common/common.h). */
export const SAMPLERS: readonly SamplerName[] = [
  ...(['penalties', 'dry', 'top_n_sigma', 'top_k', 'typ_p', 'top_p', 'min_p', 'xtc', 'temperature'] as const),
]

/** Other names that llama.cpp knows, without hyphens. */
const ALIASES: Readonly<Record<string, SamplerName>> = {
  nucleus: 'top_p',
  temp: 'temperature',
  typ: 'typ_p',
  typical: 'typ_p',
  typical_p: 'typ_p',
}

const several = list(text, SAMPLERS.length, 'samplers')

export const samplerNames: Kind<readonly SamplerName[]> = {
  expected: `a list of ${SAMPLERS.join(', ')}`,
  read(value, site) {
    const names = several.read(value, site).map((given, i) => {
      const plain = given.toLowerCase().replaceAll('-', '_')
      const name = ALIASES[plain] ?? SAMPLERS.find((one) => one === plain)
      if (name === undefined) throw refused(inside(site, `[${i}]`), `one of ${SAMPLERS.join(', ')}`, given)
      return name
    })
    if (new Set(names).size < names.length) throw refused(site, 'each sampler once', names.join(';'))
    return names
  },
}
