// Draft parameters, checked and completed, as the integers the scheduler computes with.
import { TsinferError } from '../errors.ts'
import { ROWS_MAX } from '../limits.ts'
import type { DraftOptions, Speculation } from '../types.ts'
import { PROBABILITY_ONE } from './guess.ts'

/** Policies that draft; without any of them a request decodes plainly. */
export type SpeculationPolicy = Exclude<Speculation, 'off'>

/** Probabilities are in 1 / PROBABILITY_ONE. */
export interface DraftParameters {
  readonly policy: SpeculationPolicy
  /** Most drafted tokens: of one round (`sync`), of one micro-batch (`pipe`). */
  readonly nMax: number
  /** Fewer drafted tokens than this are not sent. */
  readonly nMin: number
  /** A branch ends where the drafter's best guess is less likely. */
  readonly pMin: number
  /** A further guess for the same position opens a branch of its own when it is likelier. */
  readonly pSplit: number
  /** Raises both thresholds for every micro-batch of drafts sent since the last token became certain. */
  readonly pRecovery: number
  /** Lowers both thresholds for every attempt since then whose best guess was too unlikely. */
  readonly pDecay: number
}

/**
 * nMax: 1 to 4 is what PipeInfer's authors found best with several runs in flight, and a fifth row costs a CPU more than
 * its share. pMin is PipeInfer's built-in cutoff. pSplit: below it a sibling is right too seldom to pay for its row.
 */
export const DEFAULT_DRAFT = { nMax: 4, nMin: 0, pMin: 0.5, pSplit: 0.3, pRecovery: 0, pDecay: 0 } as const

/** `auto` chooses how deep to draft itself, and for that must see how good unlikely guesses are. */
export const AUTO_DRAFT = { ...DEFAULT_DRAFT, nMax: 16, pMin: 0.1 } as const

type Name = keyof typeof DEFAULT_DRAFT
const COUNTS: readonly Name[] = ['nMax', 'nMin']

const SPECULATIONS: readonly Speculation[] = ['off', 'sync', 'pipe', 'auto']

/** The parameters of a request's speculation; undefined for `off`. Throws like `resolveDraft`. */
export function resolveSpeculation(speculation: Speculation, options: DraftOptions): DraftParameters | undefined {
  if (!SPECULATIONS.includes(speculation)) {
    const found = String(speculation)
    throw new TsinferError('option_invalid', `speculation: expected one of ${SPECULATIONS.join(', ')}, found ${found}`)
  }
  const parameters = resolveDraft(speculation === 'off' ? 'sync' : speculation, options)
  return speculation === 'off' ? undefined : parameters
}

/** Checks options and fills in defaults. Throws `option_invalid` naming the option, what it may be and what it is. */
export function resolveDraft(policy: SpeculationPolicy, options: DraftOptions): DraftParameters {
  const defaults = policy === 'auto' ? AUTO_DRAFT : DEFAULT_DRAFT
  const read = (name: Name): number => {
    const value: unknown = options[name] ?? defaults[name]
    const isCount = COUNTS.includes(name)
    const most = isCount ? ROWS_MAX : 1
    const least = name === 'nMax' ? 1 : 0
    const isValid = typeof value === 'number' && value >= least && value <= most
    if (isValid && (!isCount || Number.isInteger(value))) return isCount ? value : Math.round(value * PROBABILITY_ONE)
    const expected = `${isCount ? 'an integer' : 'a number'} from ${least} to ${most}`
    throw new TsinferError('option_invalid', `draft ${name}: expected ${expected}, found ${String(value)}`)
  }
  const nMax = read('nMax')
  const nMin = read('nMin')
  if (nMin > nMax) {
    throw new TsinferError('option_invalid', `draft nMin: expected at most nMax, which is ${nMax}, found ${nMin}`)
  }
  return {
    policy,
    nMax,
    nMin,
    pMin: read('pMin'),
    pSplit: read('pSplit'),
    pRecovery: read('pRecovery'),
    pDecay: read('pDecay'),
  }
}
