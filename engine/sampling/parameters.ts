// Sampling options, completed: what the sampler draws by. Pure.
import type { TokenId } from '../domain.ts'
import { optionSite, refused } from '../options/refusal.ts'
import { SAMPLERS } from '../options/samplers.ts'
import { DEFAULT_SAMPLING, DRY_SEQUENCE_BREAKERS } from '../options/sampling.ts'
import type { SamplerName, SamplingNumbers, SamplingOptions } from '../public/generation.ts'

const encoder = new TextEncoder()

export interface SamplingParameters {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly repeatPenalty: number
  readonly repeatLastN: number
  readonly presencePenalty: number
  readonly frequencyPenalty: number
  readonly logitBias: readonly (readonly [token: TokenId, bias: number])[]
  readonly seed: number
  readonly typicalP: number
  readonly topNSigma: number
  readonly xtcProbability: number
  readonly xtcThreshold: number
  readonly dryMultiplier: number
  readonly dryBase: number
  readonly dryAllowedLength: number
  readonly dryPenaltyLastN: number
  /** In UTF-8. */
  readonly drySequenceBreakers: readonly Uint8Array[]
  /** The filters in their order; others are off. */
  readonly samplers: readonly SamplerName[]
}

/**
 * Fills in defaults of options that were read by their table; `randomSeed` is used when no seed is given.
 * Throws `option_invalid` for a bias of a token that the vocabulary does not have.
 */
export function resolveSampling(
  given: SamplingOptions,
  vocabularySize: number,
  randomSeed: number,
  defaults: SamplingNumbers = DEFAULT_SAMPLING,
): SamplingParameters {
  const biases = Object.entries(given.logitBias ?? {}).map(([key, bias]) => [Number(key), bias] as const)
  const unknown = biases.find(([token]) => token >= vocabularySize)
  if (unknown) throw refused(optionSite('logitBias'), `token ids below ${vocabularySize}`, unknown[0])
  const names = Object.keys(DEFAULT_SAMPLING) as (keyof SamplingNumbers)[]
  const numbers = names.map((name) => [name, given[name] ?? defaults[name]] as const)
  return {
    ...(Object.fromEntries(numbers) as Record<keyof SamplingNumbers, number>),
    logitBias: biases,
    seed: given.seed ?? randomSeed,
    drySequenceBreakers: (given.drySequenceBreakers ?? DRY_SEQUENCE_BREAKERS).map((text) => encoder.encode(text)),
    samplers: given.samplers ?? SAMPLERS,
  }
}
