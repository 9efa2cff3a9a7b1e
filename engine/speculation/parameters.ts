// Draft parameters, completed, as the integers the scheduler computes with.
import { optionSite, refused } from '../options/refusal.ts'
import { AUTO_DRAFT, DEFAULT_DRAFT } from '../options/sampling.ts'
import type { DraftOptions, Speculation } from '../public/speculation.ts'
import { PROBABILITY_ONE } from './guess.ts'

/** Policies that draft; without any of them a request decodes plainly. */
type SpeculationPolicy = Exclude<Speculation, 'off'>

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

type Name = keyof typeof DEFAULT_DRAFT
const COUNTS: readonly Name[] = ['nMax', 'nMin']

/** The parameters of a request's speculation; undefined for `off`. Throws like `resolveDraft`. */
export function resolveSpeculation(speculation: Speculation, options: DraftOptions): DraftParameters | undefined {
  const parameters = resolveDraft(speculation === 'off' ? 'sync' : speculation, options)
  return speculation === 'off' ? undefined : parameters
}

/** Fills in defaults of options that were read by their table. Throws `option_invalid` where nMin is above nMax. */
export function resolveDraft(policy: SpeculationPolicy, options: DraftOptions): DraftParameters {
  const given = { ...(policy === 'auto' ? AUTO_DRAFT : DEFAULT_DRAFT), ...options }
  const { nMax, nMin } = given
  if (nMin > nMax) throw refused(optionSite('draft.nMin'), `at most nMax, which is ${nMax}`, nMin)
  const entries = (Object.keys(DEFAULT_DRAFT) as Name[]).map((name) => {
    const value = given[name]
    return [name, COUNTS.includes(name) ? value : Math.round(value * PROBABILITY_ONE)] as const
  })
  return { policy, ...(Object.fromEntries(entries) as Record<Name, number>) }
}
