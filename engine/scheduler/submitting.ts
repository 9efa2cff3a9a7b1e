// What goes out next: rows of sequences that are ready and drafts, rows of prompts beside them or alone, and when nobody has
// any, live texts.
import { GROUPS_MAX } from '../limits.ts'
import type { Advised } from './advised.ts'
import type { SchedulerAction } from './events.ts'
import type { Growth } from './growth.ts'
import type { Planner } from './planner.ts'
import type { Prompt } from './prefill.ts'
import { PromptRoom, type StepLoad } from './prompt-room.ts'
import type { Flight } from './run.ts'
import { before, hasCell } from './sequence.ts'
import type { SchedulerState } from './state.ts'
import type { WithdrawnNews } from './withdrawn-news.ts'

export class Submitting {
  readonly #state: SchedulerState
  readonly #growth: Growth
  readonly #withdrawn: WithdrawnNews
  readonly #advised: Advised
  readonly #planner: Planner
  /** The last micro-batch was so full that no prompt got into it: the next is theirs. */
  #isPromptsTurn = false

  constructor(state: SchedulerState, growth: Growth, withdrawn: WithdrawnNews, advised: Advised, planner: Planner) {
    this.#state = state
    this.#growth = growth
    this.#withdrawn = withdrawn
    this.#advised = advised
    this.#planner = planner
  }

  /** Whoever is submitted next has cells for it, pauses, or is the first of all and waits. */
  makeReady(): void {
    const { ready, prefill, limits } = this.#state
    if (!this.#hasPlace) return
    if (!ready.every(hasCell)) {
      for (const sequence of ready.toSorted(before)) {
        if (sequence.phase === 'ready') this.#growth.grow(sequence, sequence.length)
      }
    }
    if (!this.#mayEvaluate) return
    let left = limits.chunkRows
    for (const prompt of prefill.inTurn()) {
      const first = prompt.readers[0]!
      // What it has waited for is over.
      if (prompt.awaited) prompt.awaited = this.#growth.share(first)
      if (prompt.awaited) continue
      const from = first.committedLength
      const end = Math.min(from + left, first.text.length)
      // One that pauses leaves its turn to the next.
      if (this.#growth.grow(first, end)) left -= end - from
      else if (first.phase === 'prefill') return
      if (left === 0) return
    }
  }

  /** Whether somebody would be submitted next and has no cells. */
  get lacksCells(): boolean {
    if (!this.#hasPlace) return false
    if (!this.#state.ready.every(hasCell)) return true
    if (!this.#mayEvaluate) return false
    const [prompt] = this.#state.prefill.inTurn()
    return prompt !== undefined && !hasRow(prompt)
  }

  /** The next micro-batch, if there is one. */
  submit(): SchedulerAction | undefined {
    const { texts, runTable, decodingCount } = this.#state
    this.#advised.judged(decodingCount)
    if (!this.#hasPlace) return undefined
    const flight = this.#fill() ?? texts.submit()
    if (!flight) return undefined
    this.#advised.submitted(flight, runTable.flights.slice(0, -1))
    const { groups, decodeCount } = flight
    const first = groups[0]!
    // Prompts stand behind what decodes.
    const last = groups[(decodeCount || groups.length) - 1]!
    return { kind: 'submit', microBatch: flight, purpose: first.kind, runFirst: first.run, runLast: last.run }
  }

  get #hasPlace(): boolean {
    return this.#state.runTable.flights.length < this.#state.limits.inFlightMax
  }

  #fill(): Flight | undefined {
    const { prefill, runTable, limits } = this.#state
    const rowsMax = Math.min(GROUPS_MAX, limits.headRowsMax)
    if (!this.#isPromptsTurn || !this.#addPrompts()) {
      // While prompts wait, a quarter of all groups and heads is theirs.
      this.#state.stepRowsMax = prefill.count > 0 ? Math.max(1, rowsMax - (rowsMax >> 2)) : rowsMax
      this.#planner(this.#state)
      this.#withdrawn.tell()
      const isStep = runTable.openGroupCount > 0
      const hasPrompts = this.#addPrompts()
      if (isStep) this.#isPromptsTurn = !hasPrompts && this.#couldEvaluate
    } else this.#isPromptsTurn = false
    return runTable.submit()
  }

  /** Whether some prompt has cells for its next row. */
  get #couldEvaluate(): boolean {
    for (const prompt of this.#state.prefill.inTurn()) if (!prompt.awaited && hasRow(prompt)) return true
    return false
  }

  /** Whether prompts may be in the next micro-batch, if somebody goes on there. */
  get #mayEvaluate(): boolean {
    const { prefill, ready } = this.#state
    return prefill.count > 0 && (ready.length > 0 || this.#mayGoAlone)
  }

  /**
   * Whether a micro-batch may have nothing but prompts. Beside sequences that decode no more than stages are in flight: a
   * row that is decoded waits for all that are before it.
   */
  get #mayGoAlone(): boolean {
    const { decodingCount, limits, runTable } = this.#state
    if (decodingCount === 0) return true
    const { length } = runTable.flights
    return (this.#isPromptsTurn ? length - runTable.stepCount : length) < limits.stages
  }

  /** Adds rows of prompts to the micro-batch being filled. Returns whether there are any. */
  #addPrompts(): boolean {
    const { prefill, runTable } = this.#state
    if (prefill.count === 0 || (runTable.openGroupCount === 0 && !this.#mayGoAlone)) return false
    const room = this.#promptRoom()
    let hasAdded = false
    for (const prompt of prefill.inTurn()) {
      const [from, most] = prefill.nextRows(prompt)
      if (most === 0) continue
      const rows = room.take(from, most)
      if (rows === 0) break
      prefill.addRows(prompt, rows)
      hasAdded = true
      this.#noteEvaluated(prompt)
    }
    return hasAdded
  }

  #promptRoom(): PromptRoom {
    const { prices, limits, runTable, decodingCount } = this.#state
    const { chunkRows, stages, gapPercent } = limits
    if (decodingCount === 0) return PromptRoom.alone(prices, chunkRows)
    const load = runTable.openLoad
    if (load.rows > 0) return PromptRoom.beside(prices, chunkRows, gapPercent, load)
    const rows = Math.ceil(decodingCount / stages)
    return PromptRoom.beside(prices, chunkRows, gapPercent, { rows, positions: rows }, NOTHING)
  }

  /** A prompt that is submitted as a whole: its readers wait for their first tokens. */
  #noteEvaluated({ readers }: Prompt): void {
    const [first, ...others] = readers
    const { committedLength, text } = first!
    if (committedLength < text.length) return
    for (const sequence of readers) sequence.phase = 'waiting'
    for (const other of others) {
      other.committedLength = committedLength
      this.#growth.join(other, first!, committedLength)
    }
  }
}

const NOTHING: StepLoad = { rows: 0, positions: 0 }

/** Whether there is a cell for its next row. */
const hasRow = ({ readers }: Prompt): boolean => readers[0]!.cells.length > readers[0]!.committedLength
