// What each part of `pipe` is worth: the same runs without it.
import type { Planner } from '../../engine/scheduler/planner.ts'
import { serveReady, speculative } from '../../engine/scheduler/speculative.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { eager } from './compare.ts'
import { EIGHT_STAGES, type PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual-run.ts'

/** Sends no drafts while others are in flight. */
const oneDraftMicroBatch: Planner = (view) => {
  const { flights } = view.runTable
  const isDrafting = flights.some(({ runRows }) => runRows.some(({ state }) => state === 'assumed'))
  if (isDrafting) serveReady(view)
  else speculative(view)
}

/** Every row costs: what a stage of a real CPU does, and where sending unlikely drafts is no bargain. */
export const COSTLY_ROWS: Omit<PipelineSetting, 'draftMs' | 'accuracy'> = {
  ...EIGHT_STAGES,
  stageMs: (rows) => 4 + 6 * rows,
}

/** Tokens per second. */
export interface Ablations {
  readonly whole: number
  readonly withoutCancellation: number
  readonly withoutContinuation: number
  /** With PipeInfer's own rules; see literal.ts. */
  readonly singleToken: number
  readonly reDrafting: number
}

export function ablate(setting: PipelineSetting, tokens: number): Ablations {
  const draft = eager('pipe', setting.rowsMax)
  return {
    whole: runVirtual(setting, draft, tokens).tokS,
    withoutCancellation: runVirtual(setting, draft, tokens, { ignoresCancels: true }).tokS,
    withoutContinuation: runVirtual(setting, draft, tokens, { planner: oneDraftMicroBatch }).tokS,
    singleToken: runVirtual(setting, draft, tokens, { literal: 'single-token' }).tokS,
    reDrafting: runVirtual(setting, draft, tokens, { literal: 're-drafting' }).tokS,
  }
}

/** With and without a cutoff, and with one that reacts, where rows cost and the drafter knows how sure it is. */
export interface CutoffAblation {
  readonly tokS: number
  /** Drafted rows per accepted one. */
  readonly rowsPerAccepted: number
}

export function ablateCutoff(setting: PipelineSetting, tokens: number): Record<string, CutoffAblation> {
  const cutoffs = {
    none: { pMin: 0 },
    'p-min 0.5': { pMin: 0.5 },
    'p-min 0.3, recovery 0.05': { pMin: 0.3, pRecovery: 0.05 },
  }
  return Object.fromEntries(
    Object.entries(cutoffs).map(([name, cutoff]) => {
      const { tokS, drafts } = runVirtual(setting, resolveDraft('pipe', { nMax: setting.rowsMax, ...cutoff }), tokens)
      return [name, { tokS, rowsPerAccepted: drafts.drafted / Math.max(1, drafts.accepted) }]
    }),
  )
}
