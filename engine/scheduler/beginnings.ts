// Who has the beginning of a text in cells already: kept texts, and sequences that run. The same tokens leave the same bits,
// so whoever begins alike refers to the same cells. A sequence's cells are shared once they are written and the rows that
// wrote them are out of the pipeline: then no row that is withdrawn can have left one empty, and faults are known.
import type { CellIndex, TokenId } from '../domain.ts'
import { type Cells, RUN_CELLS } from '../kv/cells.ts'
import type { RequestId, SessionId } from './events.ts'
import { commonLength, type KeptText, type KeptTexts } from './kept-texts.ts'
import { evaluatedFrom } from './prefill.ts'
import type { RunTable } from './run-table.ts'
import { type RequestRecord, type Sequence, sharesCells } from './sequence.ts'

/** Less than this of somebody else's text would only break up a run of cells. */
const SHARED_LEAST = RUN_CELLS

/** Who looks for the beginning of its text. */
export interface Seeker {
  readonly session: SessionId | undefined
  readonly text: ArrayLike<TokenId>
  readonly mayShare: boolean
}

interface Beginning {
  readonly cells: readonly CellIndex[]
  readonly length: number
  /** Where it is kept, if it is. */
  readonly text?: KeptText
}

export class Beginnings {
  readonly #cells: Cells
  readonly #kept: KeptTexts
  readonly #runTable: RunTable
  readonly #requests: ReadonlyMap<RequestId, RequestRecord>

  constructor(cells: Cells, kept: KeptTexts, runTable: RunTable, requests: ReadonlyMap<RequestId, RequestRecord>) {
    this.#cells = cells
    this.#kept = kept
    this.#runTable = runTable
    this.#requests = requests
  }

  /** Sequences that hold cells, or will without asking again; no live texts. */
  *running(): Generator<Sequence, void, undefined> {
    for (const { sequences } of this.#requests.values()) {
      for (const sequence of sequences) {
        const { phase } = sequence
        if (phase === 'prefill' || phase === 'waiting' || phase === 'ready') yield sequence
      }
    }
  }

  /** How many cells less a text needs because others hold them, or are about to. */
  savedCount({ session, text, mayShare }: Seeker): number {
    const most = text.length - 1
    let saved = 0
    if (mayShare)
      for (const sequence of this.running()) {
        if (sharesCells(sequence)) saved = Math.max(saved, Math.min(most, commonLength(sequence.text, text)))
      }
    const kept = this.#keptFor({ session, text, mayShare }, most)
    const inUse = kept.cells.filter((cell, i) => i < kept.length && !this.#cells.isKept(cell)).length
    saved = Math.max(saved, inUse)
    return saved < SHARED_LEAST ? 0 : saved
  }

  /** Gives the sequence what others have of its text beyond what it has submitted. Returns how many tokens. */
  share(sequence: Sequence): number {
    const { text, cells, committedLength, request } = sequence
    const { cells: found, length, text: keptText } = this.#find(sequence, text)
    if (length <= committedLength) return 0
    this.#cells.share(found.slice(committedLength, length), length - committedLength)
    this.#cells.release(cells.slice(committedLength))
    cells.length = committedLength
    for (let i = committedLength; i < length; i++) cells.push(found[i]!)
    sequence.committedLength = length
    if (keptText) this.#kept.touch(keptText)
    if (request.pauseCount === 0) request.reused += length - committedLength
    return length - committedLength
  }

  #find(sequence: Sequence, text: readonly TokenId[]): Beginning {
    const most = evaluatedFrom(sequence)
    const mayShare = sharesCells(sequence)
    let best = this.#keptFor({ session: sequence.request.session, text, mayShare }, most)
    if (!mayShare) return best
    for (const other of this.running()) {
      if (other === sequence || !sharesCells(other) || other.cells.length < best.length) continue
      const written = Math.min(this.#runTable.writtenLength(other), other.cells.length)
      const length = Math.min(most, commonLength(other.text, text), written)
      // Who takes them from one that runs leaves a kept text to be given up.
      if (length >= best.length && length >= SHARED_LEAST) best = { cells: other.cells, length }
    }
    return best
  }

  #keptFor({ session, text, mayShare }: Seeker, most: number): Beginning {
    const own = session === undefined ? undefined : this.#kept.sessions.get(session)
    const ownLength = own ? Math.min(most, commonLength(own.tokens, text)) : 0
    const found = mayShare ? this.#kept.find(text) : undefined
    const length = Math.min(most, found?.length ?? 0)
    if (found?.text && length > ownLength && length >= SHARED_LEAST) return { ...found.text, length, text: found.text }
    return own ? { cells: own.cells, length: ownLength, text: own } : { cells: [], length: 0 }
  }
}
