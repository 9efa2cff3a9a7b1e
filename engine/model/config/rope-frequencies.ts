// The rotary embedding's inverse frequencies, one per rotated pair, as llama.cpp forms them (ggml's rope_yarn and the
// set-up in llama-context.cpp), in float64. Pure, and the same bits on every engine.

import { realLog, realPow } from '../../real-math.ts'
import type { ModelWeights, VectorTensor } from '../memory/model-weights.ts'
import { invalidModel } from './checked-metadata.ts'
import type { RopeConfig } from './model-config.ts'
import type { RopeScaling } from './rope-scaling.ts'

/** Pair j at position p is rotated by the angle p * frequencies[j] and multiplied by `magnitude`. */
export interface RopeFrequencies {
  /** [dimensionCount / 2] */
  readonly frequencies: Float64Array
  readonly magnitude: number
}

/**
 * The tensor with a divisor per pair for sequences of `contextLength` positions: rope_freqs.weight, or the short or long
 * one of a longrope model; undefined where the model has none.
 */
export function ropeDivisors(
  weights: Pick<ModelWeights, 'ropeFrequencies' | 'ropeFactorsShort' | 'ropeFactorsLong'>,
  rope: RopeConfig,
  contextLength: number,
): VectorTensor | undefined {
  const { ropeFrequencies, ropeFactorsShort, ropeFactorsLong } = weights
  return ropeFrequencies ?? (contextLength > rope.originalContext ? ropeFactorsLong : ropeFactorsShort)
}

/**
 * @param factors the values of the tensor of divisors, where the model has one
 * @throws TsinferError `model_invalid` for a factor that is not finite and positive
 */
export function ropeFrequencies(rope: RopeConfig, factors?: Float32Array): RopeFrequencies {
  const { base, dimensionCount, scaling, magnitude } = rope
  const frequencies = new Float64Array(dimensionCount / 2)
  const scaled = scaleOf(scaling, rope, factors !== undefined)
  for (let pair = 0; pair < frequencies.length; pair++) {
    const factor = factors === undefined ? 1 : factors[pair]!
    if (!(factor > 0 && factor < Number.POSITIVE_INFINITY)) {
      throw invalidModel(`rope divisors: expected finite values above 0, found ${factor} at ${pair}`)
    }
    frequencies[pair] = scaled(realPow(base, (-2 * pair) / dimensionCount) / factor, pair)
  }
  return { frequencies, magnitude: magnitude * attentionFactor(scaling) }
}

/** The map from an unscaled frequency (of a pair) to the scaled one. */
function scaleOf(
  scaling: RopeScaling,
  rope: RopeConfig,
  hasFactors: boolean,
): (frequency: number, pair: number) => number {
  switch (scaling.kind) {
    case 'none':
      return (frequency) => frequency
    case 'linear':
      return (frequency) => frequency / scaling.factor
    case 'llama3':
      // rope_freqs.weight, where a file has it, is this very scaling.
      return hasFactors ? (frequency) => frequency : (frequency) => frequency * llama3Share(scaling, frequency)
    case 'yarn': {
      const [low, high] = yarnRamp(scaling, rope)
      return (frequency, pair) => {
        const ramp = 1 - Math.min(1, Math.max(0, (pair - low) / Math.max(0.001, high - low)))
        return (frequency / scaling.factor) * (1 - ramp) + frequency * ramp
      }
    }
  }
}

const TAU = 2 * Math.PI

/** Waves up to originalContext / highFrequencyFactor are kept, those beyond originalContext / lowFrequencyFactor divided. */
function llama3Share(scaling: Extract<RopeScaling, { kind: 'llama3' }>, frequency: number): number {
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling
  const turns = (originalContext * frequency) / TAU
  if (turns > highFrequencyFactor) return 1
  if (turns < lowFrequencyFactor || highFrequencyFactor === lowFrequencyFactor) return 1 / factor
  const smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
  return (1 - smooth) / factor + smooth
}

/** Turns in the original context from which on a frequency is kept, and up to which it is divided. */
const YARN_TURNS = { kept: 32, divided: 1 }

/** First and last pair of yarn's ramp. */
function yarnRamp(scaling: Extract<RopeScaling, { kind: 'yarn' }>, rope: RopeConfig): [number, number] {
  const { dimensionCount, base } = rope
  const pairOf = (turns: number) =>
    (dimensionCount * realLog(scaling.originalContext / (turns * TAU))) / (2 * realLog(base))
  return [
    Math.max(0, Math.floor(pairOf(YARN_TURNS.kept))),
    Math.min(dimensionCount - 1, Math.ceil(pairOf(YARN_TURNS.divided))),
  ]
}

/** What yarn multiplies the rotated values with, to keep the attention's sharpness over a longer context. */
function attentionFactor(scaling: RopeScaling): number {
  if (scaling.kind !== 'yarn' || scaling.factor <= 1) return 1
  return 0.1 * realLog(scaling.factor) + 1
}
