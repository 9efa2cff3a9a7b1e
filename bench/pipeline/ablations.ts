// What each part of `pipe` is worth: the same runs without it.
import type { Planner } from '../../engine/scheduler/planner.ts'
import { serveReady, speculative } from '../../engine/scheduler/speculative.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { type Findings, markdownTable } from '../report.ts'
import { eager } from './compare.ts'
import { EIGHT_STAGES, type PipelineSetting } from './setting.ts'
import { runVirtual } from './virtual-run.ts'

/** Sends no drafts while others are in flight. */
const oneDraftMicroBatch: Planner = (view) => {
  const { flights } = view.runTable
  const isDrafting = flights.some(({ groups }) => groups.some(({ state }) => state === 'assumed'))
  if (isDrafting) serveReady(view)
  else speculative(view)
}

const RIGHT = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98]

/** Every row costs: what a stage of a real CPU does, and where sending unlikely drafts is no bargain. */
export const COSTLY_ROWS: Omit<PipelineSetting, 'draftMs' | 'accuracy'> = {
  ...EIGHT_STAGES,
  stageMs: (rows) => 4 + 6 * rows,
}

/** Tokens per second; the last two with PipeInfer's own rules, see literal.ts. */
export function ablate(setting: PipelineSetting, tokens: number) {
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

/** The table of all that, at the drafters that are no bottleneck. */
export function ablations(tokens: number): Findings {
  const rows = [3, 12].flatMap((draftMs) =>
    RIGHT.map((accuracy) => ({ draftMs, accuracy, ...ablate({ ...EIGHT_STAGES, draftMs, accuracy }, tokens) })),
  )
  const cutoffs = [0.3, 0.6, 0.8].flatMap((accuracy) => {
    const found = ablateCutoff({ ...COSTLY_ROWS, draftMs: 3, accuracy, spread: 0.5 }, tokens)
    return Object.entries(found).map(([name, { tokS, rowsPerAccepted }]) => {
      return [`${accuracy}`, name, tokS.toFixed(1), rowsPerAccepted.toFixed(2)]
    })
  })
  const titles = ['right', 'cutoff', 'tokens per second', 'drafted rows per accepted one']
  return {
    about: 'pipe on emulated stages, tokens per second',
    options: { ...EIGHT_STAGES, tokens },
    columns: {
      ...{ draftMs: 'drafter ms', accuracy: ['right', 2], whole: ['whole', 1] },
      ...{ withoutCancellation: ['no cancellation', 1], withoutContinuation: ['one draft micro-batch in flight', 1] },
      ...{ singleToken: ["PipeInfer's single-token rule", 1], reDrafting: ["PipeInfer's re-drafting", 1] },
    },
    rows,
    notes: [
      'Stages of 4 ms + 6 ms per row, drafter 3 ms, which is as sure as it is right:',
      '',
      ...markdownTable(titles, cutoffs, new Set([0, 2, 3])),
    ],
  }
}
