// Sessions between their requests: the text a session has in KV cells, so that a request that begins the same evaluates
// only what is new. Kept cells belong to nobody who runs: whoever needs room takes them, the longest unused first, and
// all that costs is a new prefill.
//
// During a transfer the driver reads the cells of a text, or writes them, in place of rows that pass the stages. Nobody
// else may have them then. Those to be written may still be cells of withdrawn rows in flight: what such a row writes
// is harmless when the next writer is a row behind it, but the driver must wait until it is out.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import type { RequestId, SessionId } from './events.ts'

/** Tokens, and the cells with their K and V. All have been written, and nothing in flight writes them again. */
export interface KeptText {
  readonly tokens: readonly TokenId[]
  readonly cells: readonly CellIndex[]
}

interface CellTransfer {
  readonly request: RequestId
  readonly text: KeptText
  readonly kind: 'read' | 'write'
  /** The newest micro-batch when the cells were given; it must have returned. */
  readonly behind: number
  /** Undefined once the session is forgotten. */
  session: SessionId | undefined
  isOpen: boolean
}

export class Sessions {
  readonly #cells: Cells
  /** The longest unused first. */
  readonly #kept = new Map<SessionId, KeptText>()
  readonly #transfers = new Map<RequestId, CellTransfer>()
  #cellCount = 0

  constructor(cells: Cells) {
    this.#cells = cells
  }

  /** Cells that are kept: as good as free. */
  get cellCount(): number {
    return this.#cellCount
  }
  get kept(): ReadonlyMap<SessionId, KeptText> {
    return this.#kept
  }
  get transfers(): ReadonlyMap<RequestId, { readonly text: KeptText }> {
    return this.#transfers
  }

  /** Keeps a text for the session's next request, in place of what it had. The cells have no other owner. */
  keep(session: SessionId, text: KeptText): void {
    assert(text.tokens.length === text.cells.length, 'a kept text has a cell for every token')
    this.#release(session)
    if (text.cells.length === 0) return
    this.#kept.set(session, text)
    this.#cellCount += text.cells.length
  }

  /** Takes out what the session keeps; the cells are the caller's from now on. */
  #take(session: SessionId): KeptText {
    const text = this.#kept.get(session) ?? { tokens: [], cells: [] }
    this.#kept.delete(session)
    this.#cellCount -= text.cells.length
    return text
  }

  #release(session: SessionId): void {
    this.#cells.release(this.#take(session).cells)
  }

  /**
   * Takes the cells of the beginning that the session's text has in common with `prompt`, at most `countMax` tokens; its
   * other cells are free.
   */
  takeBeginning(session: SessionId, prompt: ArrayLike<TokenId>, countMax: number): CellIndex[] {
    const { tokens, cells } = this.#take(session)
    const end = Math.min(tokens.length, countMax)
    let same = 0
    while (same < end && tokens[same] === prompt[same]) same++
    this.#cells.release(cells.slice(same))
    return cells.slice(0, same)
  }

  /** The session is over: it keeps nothing any more. */
  forget(session: SessionId): void {
    this.#release(session)
    for (const transfer of this.#transfers.values()) {
      if (transfer.session === session) transfer.session = undefined
    }
  }

  /** Takes from those who have not been used for longest until `count` cells are free. The caller has checked that they are enough. */
  makeRoom(count: number): void {
    for (const session of this.#kept.keys()) {
      if (this.#cells.freeCount >= count) return
      this.#release(session)
    }
  }

  /** A transfer of what the session keeps, to be read. */
  hold(request: RequestId, session: SessionId): void {
    this.#begin({ request, session, text: this.#take(session), kind: 'read', behind: -1, isOpen: false })
  }

  /** A transfer of `tokens`, to be written into new cells behind micro-batch `behind`. */
  reserve(request: RequestId, session: SessionId | undefined, tokens: ArrayLike<TokenId>, behind: number): void {
    this.makeRoom(tokens.length)
    const cells: CellIndex[] = []
    this.#cells.allocate(tokens.length, cells)
    const text = { tokens: Array.from(tokens), cells }
    this.#begin({ request, session, text, kind: 'write', behind, isOpen: false })
  }

  #begin(transfer: CellTransfer): void {
    assert(!this.#transfers.has(transfer.request), `transfer ${transfer.request} is already live`)
    this.#transfers.set(transfer.request, transfer)
  }

  /** A transfer that may begin when `oldest` is the oldest micro-batch in flight, once. */
  openTransfer(oldest: number): CellTransfer | undefined {
    for (const transfer of this.#transfers.values()) {
      if (transfer.isOpen || transfer.behind >= oldest) continue
      transfer.isOpen = true
      return transfer
    }
    return undefined
  }

  /** All has been read or written, and is kept; but what was read is older than what the session keeps by now. */
  settle(request: RequestId): void {
    const transfer = this.#transfers.get(request)
    assert(transfer?.isOpen, `transfer ${request} is settled, and was not open`)
    this.#transfers.delete(request)
    const { session, text, kind } = transfer
    const isStale = session !== undefined && kind === 'read' && this.#kept.has(session)
    if (session === undefined || isStale) this.#cells.release(text.cells)
    else this.keep(session, text)
  }

  /** The transfer has failed: what was to be read is kept, what was to be written is not. Returns false where there is none. */
  abandon(request: RequestId): boolean {
    const transfer = this.#transfers.get(request)
    if (!transfer) return false
    if (transfer.kind === 'write') transfer.session = undefined
    transfer.isOpen = true
    this.settle(request)
    return true
  }
}
