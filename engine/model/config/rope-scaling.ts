// How a model stretches its rotary frequencies beyond the context it was first trained for. Pure. Keys and defaults:
// llama.cpp's src/llama-arch.cpp and the common part of its hyper-parameter loading.
import { TsinferError } from '../../errors.ts'
import { findFloat, findString, type Metadata } from '../../gguf/metadata.ts'
import { POSITIONS_MAX } from '../../limits.ts'
import { quoted } from '../../quoted.ts'
import { boundedInteger, optionalPositiveFloat } from './checked-metadata.ts'

export type RopeScaling =
  | { readonly kind: 'none' }
  /** All frequencies divided by `factor`. */
  | { readonly kind: 'linear'; readonly factor: number }
  /** Long waves divided by `factor`, short ones kept. GGUF files hold the outcome in rope_freqs.weight instead. */
  | {
      readonly kind: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContext: number
    }
  /** https://arxiv.org/abs/2309.00071: a ramp over the dimensions. llama.cpp reads no other keys for our architectures. */
  | {
      readonly kind: 'yarn'
      readonly factor: number
      readonly originalContext: number
    }

/**
 * The scaling of a model with metadata prefix `architecture`.
 * @throws TsinferError `model_invalid` for a factor that is not finite and positive, `architecture_unsupported` for an
 *   unknown kind
 */
export function ropeScaling(metadata: Metadata, architecture: string, contextLength: number): RopeScaling {
  const key = (name: string) => `${architecture}.rope.${name}`
  const float = (name: string, fallback: number) => optionalPositiveFloat(metadata, key(name)) ?? fallback
  const factor = factorOf(metadata, key('scaling.factor')) ?? factorOf(metadata, key('scale_linear')) ?? 1
  const originalContext = originalContextOf(metadata, architecture, contextLength)
  const kind = findString(metadata, key('scaling.type')) ?? 'linear'
  switch (kind) {
    case 'none':
      return { kind }
    // What stretches a longrope model are its divisors, see rope-frequencies.ts.
    case 'longrope':
    case 'linear':
      return factor === 1 ? { kind: 'none' } : { kind: 'linear', factor }
    case 'llama3':
      return {
        kind,
        factor,
        lowFrequencyFactor: float('scaling.low_freq_factor', 1),
        highFrequencyFactor: float('scaling.high_freq_factor', 4),
        originalContext,
      }
    case 'yarn':
      return { kind, factor, originalContext }
    default: {
      const expected = 'expected a rope scaling of none, linear, llama3, longrope or yarn'
      throw new TsinferError('architecture_unsupported', `${expected}, found ${quoted(kind)}`)
    }
  }
}

/** A factor, undefined where the key is absent. 0 is a writer's "none", as in llama.cpp. */
const factorOf = (metadata: Metadata, key: string): number | undefined =>
  findFloat(metadata, key) === 0 ? 1 : optionalPositiveFloat(metadata, key)

/** Positions the model was first trained for. */
export function originalContextOf(metadata: Metadata, architecture: string, contextLength: number): number {
  const key = `${architecture}.rope.scaling.original_context_length`
  return boundedInteger(metadata, key, POSITIONS_MAX, contextLength)
}
