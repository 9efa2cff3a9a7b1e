// Sampling options, checked and completed. Defaults are those of llama.cpp's command line (common/common.h,
// `common_params_sampling`).
import type { TokenId } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import type { SamplingOptions } from '../types.ts'

export const SEED_MAX = 0xffffffff

export const DEFAULT_SAMPLING = {
  temperature: 0.8,
  topK: 40,
  topP: 0.95,
  minP: 0.05,
  repeatPenalty: 1,
  repeatLastN: 64,
  presencePenalty: 0,
  frequencyPenalty: 0,
} as const

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
}

type NumberOption = keyof typeof DEFAULT_SAMPLING

const isReal = (value: number): boolean => Number.isFinite(value)
const RULES: Readonly<Record<NumberOption, readonly [expected: string, holds: (value: number) => boolean]>> = {
  temperature: ['a number of at least 0', (value) => isReal(value) && value >= 0],
  topK: ['an integer of at least 0', (value) => Number.isSafeInteger(value) && value >= 0],
  topP: ['a number from 0 to 1', (value) => value >= 0 && value <= 1],
  minP: ['a number from 0 to 1', (value) => value >= 0 && value <= 1],
  repeatPenalty: ['a number above 0', (value) => isReal(value) && value > 0],
  repeatLastN: ['an integer of at least -1', (value) => Number.isSafeInteger(value) && value >= -1],
  presencePenalty: ['a finite number', isReal],
  frequencyPenalty: ['a finite number', isReal],
}

/**
 * Checks options and fills in defaults; `randomSeed` is used when no seed is given.
 * Throws `option_invalid` naming the option, what it may be and what it is.
 */
export function resolveSampling(
  options: SamplingOptions,
  vocabularySize: number,
  randomSeed: number,
): SamplingParameters {
  const number = (name: NumberOption): number => {
    const value: unknown = options[name] ?? DEFAULT_SAMPLING[name]
    const [expected, holds] = RULES[name]
    if (typeof value !== 'number' || !holds(value)) throw invalid(name, expected, value)
    return value
  }
  const seed: unknown = options.seed ?? randomSeed
  if (!Number.isInteger(seed) || (seed as number) < 0 || (seed as number) > SEED_MAX) {
    throw invalid('seed', `an integer from 0 to ${SEED_MAX}`, seed)
  }
  return {
    temperature: number('temperature'),
    topK: number('topK'),
    topP: number('topP'),
    minP: number('minP'),
    repeatPenalty: number('repeatPenalty'),
    repeatLastN: number('repeatLastN'),
    presencePenalty: number('presencePenalty'),
    frequencyPenalty: number('frequencyPenalty'),
    logitBias: checkedBias(options.logitBias ?? {}, vocabularySize),
    seed: seed as number,
  }
}

function checkedBias(bias: Readonly<Record<number, number>>, vocabularySize: number): [TokenId, number][] {
  return Object.entries(bias).map(([key, value]) => {
    const token = Number(key)
    if (!/^\d+$/.test(key) || token >= vocabularySize) {
      throw invalid('logitBias', `token ids below ${vocabularySize}`, key)
    }
    if (typeof value !== 'number' || Number.isNaN(value) || value === Number.POSITIVE_INFINITY) {
      throw invalid('logitBias', `a finite number or -Infinity for token ${key}`, value)
    }
    return [token, value]
  })
}

const invalid = (name: string, expected: string, found: unknown): TsinferError =>
  new TsinferError('option_invalid', `${name}: expected ${expected}, found ${String(found)}`)

/** Whether recent tokens change any logit. */
export const hasPenalties = (parameters: SamplingParameters): boolean =>
  parameters.repeatLastN !== 0 &&
  (parameters.repeatPenalty !== 1 || parameters.presencePenalty !== 0 || parameters.frequencyPenalty !== 0)

/** Whether some logit may end up above what the model gave: then a token outside the best 64 can win. */
export const mayRaise = (parameters: SamplingParameters): boolean =>
  parameters.logitBias.some(([, bias]) => bias > 0) ||
  (hasPenalties(parameters) &&
    (parameters.repeatPenalty < 1 || parameters.presencePenalty < 0 || parameters.frequencyPenalty < 0))

/** Whether exactly one token survives the filters, so that no noise is drawn. */
export const isGreedy = (parameters: SamplingParameters): boolean =>
  parameters.temperature === 0 || parameters.topK === 1

/** What the last stage has to report for rows sampled with these parameters; a filter may rule out the best token. */
export function headNeeded(parameters: SamplingParameters, isFiltered: boolean): 'best' | 'top' {
  const isPlain = !isFiltered && !hasPenalties(parameters) && parameters.logitBias.length === 0
  return isGreedy(parameters) && isPlain ? 'best' : 'top'
}
