// Prompts on their way into the KV cells: consecutive chunks of one request follow each other through the pipeline
// without waiting; several requests take turns, one chunk each, so a long prompt does not hold up a short one.
import type { Position, Row, RunId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { SchedulerLimits } from './events.ts'
import { type Flight, NO_CELLS } from './run.ts'
import type { RunTable } from './run-table.ts'
import type { RequestRecord } from './sequence.ts'

export class Prefill {
  readonly #limits: SchedulerLimits
  readonly #runTable: RunTable
  /** Requests with prompt tokens left, in turn, and their runs. */
  readonly #turns: { readonly request: RequestRecord; readonly run: RunId }[] = []

  constructor(limits: SchedulerLimits, runTable: RunTable) {
    this.#limits = limits
    this.#runTable = runTable
  }

  /** Requests with prompt tokens left. */
  get count(): number {
    return this.#turns.length
  }

  has(request: RequestRecord): boolean {
    return this.#turns.some((turn) => turn.request === request)
  }

  add(request: RequestRecord): void {
    this.#turns.push({ request, run: this.#runTable.startRun() })
  }

  remove(request: RequestRecord): void {
    const index = this.#turns.findIndex((turn) => turn.request === request)
    if (index >= 0) this.#turns.splice(index, 1)
  }

  /** Submits the next chunk of the request whose turn it is. */
  submitChunk(): Flight {
    const turn = this.#turns.shift()!
    const { request, run } = turn
    const rows = this.#chunkRows(request)
    request.prefilled += rows.length
    const complete = request.prefilled === request.prompt.length
    if (!complete) this.#turns.push(turn)
    for (const sequence of request.sequences) {
      sequence.committedLength = request.prefilled
      if (complete) sequence.phase = 'waiting'
    }
    return this.#runTable.submitChunk(run, request.sequences[0]!, rows)
  }

  #chunkRows(request: RequestRecord): Row[] {
    const { work, prompt, sequences, prefilled } = request
    assert(work.kind !== 'text', 'a live text has no prompt')
    const { id, cells } = sequences[0]!
    const end = this.#chunkEnd(request)
    const rows: Row[] = []
    for (let position = prefilled; position < end; position++) {
      const last = position === prompt.length - 1
      const head = (work.kind === 'score' ? position >= work.from : last) ? work.head : 'none'
      rows.push({
        token: prompt[position]!,
        sequence: id,
        position,
        cell: cells[position]!,
        committedLength: position + 1,
        ancestors: NO_CELLS,
        head,
      })
    }
    return rows
  }

  #chunkEnd({ work, prompt, prefilled }: RequestRecord): Position {
    const { chunkRows, headRowsMax } = this.#limits
    const end = Math.min(prefilled + chunkRows, prompt.length)
    return work.kind === 'score' ? Math.min(end, Math.max(prefilled, work.from) + headRowsMax) : end
  }
}
