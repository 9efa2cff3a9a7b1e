// How sequences come to cells as they grow, and what gives way when there are none: kept texts, the longest unused first;
// then live texts; then a sequence pauses, the last of the client that holds most. It gives back its cells, which stay as a kept text until
// somebody takes them, and its id, and goes on when its turn comes (admission.ts), with the text it had: what it evaluates
// again gives the same bits.
//
// Why this ends: sequences are in one order (sequence.ts), and the first of all never pauses. Whatever it lacks it gets: from
// kept texts, from live texts, from all others; guesses that hold cells come back with their micro-batch, transfers settle or
// expire; and a text that would not fit alone is refused. So it ends, and the next is first. Nobody gets in before an interactive request
// that has been admitted, so only as many end before it as were there then. A batch request may lose the first place to an
// interactive one, but that ends, and after so many of them the first batch request counts as interactive (admission.ts).
// Nobody pauses inside judging: between a question and its answer all that was asked about stays.
import type { ClientId, Position } from '../domain.ts'
import { RUN_CELLS } from '../kv/cells.ts'
import type { ActionQueue } from './action-queue.ts'
import { type Awaited, shownTo } from './beginnings.ts'
import type { SessionId } from './events.ts'
import { isFor } from './run.ts'
import { before, running, type Sequence } from './sequence.ts'
import type { SchedulerState } from './state.ts'
import type { WithdrawnNews } from './withdrawn-news.ts'

export class Growth {
  readonly #state: SchedulerState
  readonly #urgent: ActionQueue
  readonly #withdrawn: WithdrawnNews
  readonly #endText: () => boolean

  /** `endText`: ends the live text that is used least; false where there is none. */
  constructor(state: SchedulerState, urgent: ActionQueue, withdrawn: WithdrawnNews, endText: () => boolean) {
    this.#state = state
    this.#urgent = urgent
    this.#withdrawn = withdrawn
    this.#endText = endText
  }

  /** Gives the sequence what others have of its text. Returns what is worth waiting for. */
  share(sequence: Sequence): Awaited | undefined {
    const from = sequence.committedLength
    const awaited = this.#state.beginnings.share(sequence)
    if (sequence.committedLength > from) this.#map(sequence, from)
    return awaited
  }

  /** The sequence refers to the cells of the first `count` tokens of a text that is the same so far. */
  join(sequence: Sequence, { cells }: Sequence, count: number): void {
    this.#state.cells.share(cells, count)
    for (let i = 0; i < count; i++) sequence.cells.push(cells[i]!)
    this.#map(sequence, 0)
  }

  /**
   * The sequence has cells for the positions below `end` afterwards. False where there is no room: then it pauses, unless it
   * is the first of all, which waits for what will be free.
   */
  grow(sequence: Sequence, end: Position): boolean {
    const { cells, evaluatedMax } = sequence
    const { cells: pool } = this.#state
    const from = cells.length
    if (from >= end) return true
    if (!this.#makeRoom(end - from, sequence)) return false
    const wanted = Math.min(Math.ceil(end / RUN_CELLS) * RUN_CELLS, evaluatedMax) - from
    pool.allocate(Math.max(end - from, Math.min(wanted, pool.freeCount)), cells)
    this.#map(sequence, from)
    return true
  }

  #map({ id, cells }: Sequence, from: Position): void {
    this.#urgent.put({ kind: 'map', sequence: id, from, cells: cells.slice(from) })
  }

  /** Frees cells until `count` are, at the expense of others or, where it is his turn to pause, the sequence's own. */
  #makeRoom(count: number, sequence: Sequence): boolean {
    const { cells, kept } = this.#state
    while (cells.freeCount < count) {
      if (kept.evict() || this.#endText()) continue
      const victim = this.#whoPauses(sequence)
      if (!victim) return false
      this.#pause(victim)
      if (sequence.phase === 'paused') return false
    }
    return true
  }

  /**
   * Who gives way to a sequence that needs cells: the last in order of the client that holds most, batch work before any
   * interactive. Never the first of all, and nobody interactive for batch work; so it may be the sequence itself.
   */
  #whoPauses(sequence: Sequence): Sequence | undefined {
    const inOrder = [...running(this.#state.requests)].sort(before)
    const held = new Map<ClientId, number>()
    for (const { request, cells } of inOrder) {
      held.set(request.client, (held.get(request.client) ?? 0) + cells.length)
    }
    const others = inOrder.slice(1).filter((other) => other === sequence || other.cells.length > 0)
    const isBatch = ({ request }: Sequence) => request.priority === 'batch'
    const candidates = others.some(isBatch) ? others.filter(isBatch) : others
    const most = Math.max(...candidates.map(({ request }) => held.get(request.client)!))
    return candidates.findLast(({ request }) => held.get(request.client) === most)
  }

  /** Takes back everything the sequence holds but its text. While its prompt is evaluated, so do all that wait for it. */
  #pause(sequence: Sequence): void {
    for (const each of this.#state.prefill.readersOf(sequence) ?? [sequence]) this.#takeBack(each)
    this.#withdrawn.tell()
  }

  #takeBack(sequence: Sequence): void {
    const { runTable, prefill, drafting, admission, ready, cells, judging } = this.#state
    const { request } = sequence
    this.keepText(sequence, runTable.writtenLength(sequence))
    for (const { groups } of runTable.flights) {
      for (const row of groups) {
        if (row.state === 'dead' || !isFor(row, sequence)) continue
        if (row.readers.length > 1) row.readers.splice(row.readers.indexOf(sequence), 1)
        else runTable.withdraw(row, 'pause')
      }
    }
    prefill.remove(sequence)
    judging.forget(sequence)
    if (sequence.phase === 'ready') ready.splice(ready.indexOf(sequence), 1)
    if (sequence.isDecoding) this.#state.decodingCount--
    sequence.isDecoding = false
    drafting.end(sequence, this.#state.decodingCount)
    cells.release(sequence.cells)
    sequence.cells.length = 0
    admission.pause(sequence)
    sequence.committedLength = 0
    sequence.phase = 'paused'
    request.pauseCount++
    this.#state.hasPaused = true
  }

  /** What the sequence has in cells stays for others, as far as it is written. */
  keepText(sequence: Sequence, written: Position, session?: SessionId): void {
    const { request, cells, text } = sequence
    this.#state.beginnings.leave(sequence)
    if (request.isFaulty) return
    this.#state.kept.keep(text.slice(0, written), cells.slice(0, written), shownTo(sequence), session)
  }
}
