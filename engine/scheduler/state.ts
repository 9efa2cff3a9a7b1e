// What the scheduler is made of. Nobody but the scheduler changes it; planners and invariants read it.
import { Cells } from '../kv/cells.ts'
import type { StepPrices } from '../speculation/prices.ts'
import { Admission, type Around } from './admission.ts'
import type { Advised } from './advised.ts'
import { Beginnings } from './beginnings.ts'
import { CellTransfers } from './cell-transfers.ts'
import { Drafting } from './drafting.ts'
import type { RequestId, SchedulerLimits } from './events.ts'
import { Judging } from './judging.ts'
import { KeptTexts } from './kept-texts.ts'
import { Prefill } from './prefill.ts'
import { RunTable } from './run-table.ts'
import { type RequestRecord, running, type Sequence } from './sequence.ts'
import { TextIndex } from './text-index.ts'
import { Texts } from './texts.ts'

export interface SchedulerState {
  readonly limits: SchedulerLimits
  readonly prices: StepPrices
  readonly cells: Cells
  readonly runTable: RunTable
  readonly index: TextIndex
  readonly kept: KeptTexts
  readonly transfers: CellTransfers
  readonly beginnings: Beginnings
  readonly admission: Admission
  readonly prefill: Prefill
  readonly texts: Texts
  readonly judging: Judging
  readonly drafting: Drafting
  readonly requests: Map<RequestId, RequestRecord>
  /** Sequences whose newest token has no row yet, the longest waiting first. A planner takes out those it serves. */
  readonly ready: Sequence[]
  /** Somebody has paused since the last event: nobody is admitted before the next, least of all he. */
  hasPaused: boolean
  /** Live sequences past their prefill. */
  decodingCount: number
  /** Rows that sequences which decode may have in the next micro-batch. */
  stepRowsMax: number
}

export function createState(limits: SchedulerLimits, advised: Advised, prices: StepPrices): SchedulerState {
  const cells = new Cells(limits.cells)
  const runTable = new RunTable(cells, limits)
  const index = new TextIndex()
  const kept = new KeptTexts(cells, index)
  const transfers = new CellTransfers(limits, cells, index, kept)
  const beginnings = new Beginnings(limits, cells, index, kept)
  const requests = new Map<RequestId, RequestRecord>()
  const texts = new Texts(limits, runTable)
  return {
    ...{ limits, prices, cells, runTable, index, kept, transfers, beginnings, texts, requests },
    admission: new Admission(limits, cells, transfers, requests),
    prefill: new Prefill(runTable, beginnings, limits.chunkRows),
    judging: new Judging(runTable, texts),
    drafting: new Drafting(limits.vocabularySize, advised),
    ready: [],
    hasPaused: false,
    decodingCount: 0,
    stepRowsMax: limits.headRowsMax,
  }
}

/** Who is there already, and what that saves those who come. */
export const around = ({ requests, beginnings }: SchedulerState): Around => ({
  running: [...running(requests)],
  saved: (seeker) => beginnings.savedCount(seeker),
})
