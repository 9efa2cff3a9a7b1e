// What goes out next: rows of sequences that are ready and drafts, chunks of prompts, and when nobody has any, live texts.
import type { Advised } from './advised.ts'
import type { SchedulerAction } from './events.ts'
import type { Growth } from './growth.ts'
import type { Planner } from './planner.ts'
import type { Prompt } from './prefill.ts'
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
  #lastWasPrompt = true

  constructor(state: SchedulerState, growth: Growth, withdrawn: WithdrawnNews, advised: Advised, planner: Planner) {
    this.#state = state
    this.#growth = growth
    this.#withdrawn = withdrawn
    this.#advised = advised
    this.#planner = planner
  }

  /** Whoever is submitted next has cells for it, pauses, or is the first of all and waits. */
  makeReady(): void {
    const { ready, prefill } = this.#state
    if (!this.#hasPlace) return
    if (!ready.every(hasCell)) {
      for (const sequence of ready.toSorted(before)) {
        if (sequence.phase === 'ready') this.#growth.grow(sequence, sequence.length)
      }
    }
    while (this.#mayEvaluate) {
      const prompt = prefill.next()
      const first = prompt?.readers[0]
      if (!first) return
      if (prompt.awaited) {
        // What it has waited for is over.
        prompt.awaited = this.#growth.share(first)
        continue
      }
      // One that pauses leaves its turn to the next.
      if (this.#growth.grow(first, prefill.chunkEnd(prompt)) || first.phase === 'prefill') return
    }
  }

  /** Whether somebody would be submitted next and has no cells. */
  get lacksCells(): boolean {
    if (!this.#hasPlace) return false
    const prompt = this.#mayEvaluate ? this.#state.prefill.next() : undefined
    return !this.#state.ready.every(hasCell) || (prompt !== undefined && !this.#hasCells(prompt))
  }

  /** The next micro-batch, if there is one. Decode rows and prefill chunks take turns while both wait. */
  submit(): SchedulerAction | undefined {
    const { texts, runTable, decodingCount } = this.#state
    this.#advised.judged(decodingCount)
    if (!this.#hasPlace) return undefined
    const flight = this.#lastWasPrompt
      ? (this.#submitRows() ?? this.#submitChunk() ?? texts.submit())
      : (this.#submitChunk() ?? this.#submitRows() ?? texts.submit())
    if (!flight) return undefined
    this.#lastWasPrompt = flight.decodeCount === 0
    this.#advised.submitted(flight, runTable.flights.slice(0, -1))
    const { groups } = flight
    const first = groups[0]!
    return {
      kind: 'submit',
      microBatch: flight,
      purpose: first.kind,
      runFirst: first.run,
      runLast: groups.at(-1)!.run,
    }
  }

  get #hasPlace(): boolean {
    return this.#state.runTable.flights.length < this.#state.limits.inFlightMax
  }

  #submitRows(): Flight | undefined {
    this.#planner(this.#state)
    this.#withdrawn.tell()
    return this.#state.runTable.submit()
  }

  /** Whether a chunk may be submitted. Beside decoding no more than stages: a decode row waits for all that are before it. */
  get #mayEvaluate(): boolean {
    const { prefill, decodingCount, limits, runTable } = this.#state
    return (
      prefill.count > 0 &&
      runTable.flights.length - runTable.stepCount < (decodingCount > 0 ? limits.stages : limits.inFlightMax)
    )
  }

  #submitChunk(): Flight | undefined {
    const prompt = this.#mayEvaluate ? this.#state.prefill.next() : undefined
    if (!prompt) return undefined
    return this.#hasCells(prompt) ? this.#submitPrompt(prompt) : undefined
  }

  #hasCells(prompt: Prompt): boolean {
    return prompt.readers[0]!.cells.length >= this.#state.prefill.chunkEnd(prompt)
  }

  #submitPrompt(prompt: Prompt): Flight | undefined {
    const { readers } = prompt
    const flight = this.#state.prefill.submitChunk(prompt)
    const [first, ...others] = readers
    const { committedLength, text } = first!
    if (committedLength < text.length) return flight
    for (const sequence of readers) sequence.phase = 'waiting'
    for (const other of others) {
      other.committedLength = committedLength
      this.#growth.join(other, first!, committedLength)
    }
    return flight
  }
}
