// The hyper-parameters of a mixture of experts. Keys follow llama.cpp's src/llama-arch.cpp. Pure.

import { TsinferError } from '../../errors.ts'
import { findInteger, type Metadata } from '../../gguf/metadata.ts'
import { EXPERTS_MAX, FFN_WIDTH_MAX } from '../../limits.ts'
import type { Architecture } from '../architectures/architecture.ts'
import { boundedInteger, invalidModel } from './checked-metadata.ts'
import type { ExpertsConfig, LayerShape } from './model-config.ts'

/**
 * The experts of a model of `architecture`, undefined for a dense one. `shapes`: its layers as the file describes them.
 * @throws TsinferError `architecture_unsupported` where the architecture has no such models, `model_invalid` for a value
 *   out of range
 */
export function expertsConfig(
  metadata: Metadata,
  architecture: Architecture,
  shapes: readonly LayerShape[],
): ExpertsConfig | undefined {
  const { name, experts } = architecture
  const key = (part: string) => `${name}.${part}`
  if ((findInteger(metadata, key('expert_count')) ?? 0) === 0) {
    if (!experts?.always) return undefined
    throw invalidModel(`metadata ${key('expert_count')}: expected the experts of a ${name} model, found none`)
  }
  const count = boundedInteger(metadata, key('expert_count'), EXPERTS_MAX)
  if (experts === undefined) {
    throw new TsinferError(
      'architecture_unsupported',
      `expected a dense ${name} model, found a mixture of ${count} experts`,
    )
  }
  const used = boundedInteger(metadata, key('expert_used_count'), count)
  /** Of the widths the file gives, the keys of experts first; llama.cpp's Llama has no such keys. */
  const widthOf = (part: string, fallback: (ffnWidth: number) => number): number => {
    const given = experts.always ? findInteger(metadata, key(part)) : undefined
    return given === undefined
      ? fallback(commonWidth(shapes, key('feed_forward_length')))
      : boundedInteger(metadata, key(part), FFN_WIDTH_MAX)
  }
  const perExpert = (ffnWidth: number) => (experts.always ? Math.max(1, Math.floor(ffnWidth / used)) : ffnWidth)
  return {
    count,
    used,
    ffnWidth: widthOf('expert_feed_forward_length', perExpert),
    sharedFfnWidth: experts.shared ? widthOf('expert_shared_feed_forward_length', (ffnWidth) => ffnWidth) : 0,
    isNormalized: experts.normalized,
  }
}

/** The FFN width of all layers. Throws `architecture_unsupported` where they differ. */
function commonWidth(shapes: readonly LayerShape[], key: string): number {
  const { ffnWidth } = shapes[0]!
  if (shapes.every((shape) => shape.ffnWidth === ffnWidth)) return ffnWidth
  const found = `found ${shapes.map((shape) => shape.ffnWidth).join(', ')}`
  throw new TsinferError('architecture_unsupported', `metadata ${key}: expected experts of one width, ${found}`)
}
