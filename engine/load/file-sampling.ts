// What a model's file says about sampling (`general.sampling.*`, the keys of llama.cpp's `llama_model_meta_key_str`): the
// defaults of the requests of that model. Pure.
import type { Metadata, ScalarEntry } from '../gguf/metadata.ts'
import { found, optionSite } from '../options/refusal.ts'
import { DEFAULT_SAMPLING, SAMPLING } from '../options/sampling.ts'
import type { SamplingNumbers } from '../public/generation.ts'

const SAMPLING_PREFIX = 'general.sampling.'
const KEYS = {
  temperature: 'temp',
  topK: 'top_k',
  topP: 'top_p',
  minP: 'min_p',
  repeatPenalty: 'penalty_repeat',
  repeatLastN: 'penalty_last_n',
  xtcProbability: 'xtc_probability',
  xtcThreshold: 'xtc_threshold',
} as const satisfies { readonly [Name in keyof SamplingNumbers]?: string }

/** Numbers below 0 are 0 to llama.cpp: the best token alone, and all tokens. */
const CLAMPED: ReadonlySet<string> = new Set(['temperature', 'topK'])

/** Of samplers that are not here; 0 turns them off. */
const UNKNOWN = ['mirostat'] as const

interface FileSampling {
  readonly sampling: SamplingNumbers
  /** What the file says and is not done, a line each. */
  readonly notices: readonly string[]
}

/** The defaults: the file's where they can be, else the usual ones. */
export function fileSampling(metadata: Metadata): FileSampling {
  const sampling: Record<keyof SamplingNumbers, number> = { ...DEFAULT_SAMPLING }
  const notices: string[] = []
  for (const [name, key] of Object.entries(KEYS) as [keyof typeof KEYS, string][]) {
    const entry = metadata.get(SAMPLING_PREFIX + key)
    if (entry === undefined) continue
    const given = entry.kind === 'scalar' ? numberOf(entry) : 'a list'
    const value = CLAMPED.has(name) && typeof given === 'number' && given < 0 ? 0 : given
    try {
      sampling[name] = SAMPLING[name].kind.read(value, optionSite(name))
    } catch {
      const { expected } = SAMPLING[name].kind
      notices.push(`${SAMPLING_PREFIX}${key}: expected ${expected}, found ${found(value)}: ${sampling[name]} is used`)
    }
  }
  for (const key of UNKNOWN) {
    const entry = metadata.get(SAMPLING_PREFIX + key)
    const value = entry?.kind === 'scalar' ? Number(entry.value) : 0
    if (value > 0) notices.push(`${SAMPLING_PREFIX}${key}: expected 0, found ${value}: there is no such sampler here`)
  }
  const sequence = metadata.get(`${SAMPLING_PREFIX}sequence`)
  if (sequence?.kind === 'scalar') {
    notices.push(`${SAMPLING_PREFIX}sequence: samplers run in the usual order, found ${found(sequence.value)}`)
  }
  return { sampling, notices }
}

/** A number as it was meant: a 32-bit float is the shortest decimal that rounds to it, so that 0.7 is 0.7. */
function numberOf({ type, value }: ScalarEntry): unknown {
  if (type !== 'f32' || typeof value !== 'number') return value
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
