// Transfers: the driver reads the cells of a session's text, or writes them, in place of rows that pass the stages. They
// refer to their cells like anybody else. Cells to be written may still be those of withdrawn rows in flight: what such a
// row writes is harmless when the next writer is a row behind it, but the driver must wait until it is out.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import type { RequestId, SessionId } from './events.ts'
import type { KeptText, KeptTexts } from './kept-texts.ts'

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

export class CellTransfers {
  readonly #cells: Cells
  readonly #kept: KeptTexts
  readonly #live = new Map<RequestId, CellTransfer>()

  constructor(cells: Cells, kept: KeptTexts) {
    this.#cells = cells
    this.#kept = kept
  }

  get live(): ReadonlyMap<RequestId, { readonly text: KeptText }> {
    return this.#live
  }

  /** The session is over: what is written for it is kept for nobody. */
  forget(session: SessionId): void {
    for (const transfer of this.#live.values()) if (transfer.session === session) transfer.session = undefined
  }

  /** A transfer of what the session keeps, to be read. */
  hold(request: RequestId, session: SessionId): void {
    const text = this.#kept.sessions.get(session) ?? { tokens: [], cells: [] }
    this.#cells.share(text.cells, text.cells.length)
    this.#begin({ request, session, text, kind: 'read', behind: -1, isOpen: false })
  }

  /** A transfer of `tokens`, to be written into free cells behind micro-batch `behind`. */
  reserve(request: RequestId, session: SessionId | undefined, tokens: ArrayLike<TokenId>, behind: number): void {
    const cells: CellIndex[] = []
    this.#kept.makeRoom(tokens.length)
    this.#cells.allocate(tokens.length, cells)
    const text = { tokens: Array.from(tokens), cells }
    this.#begin({ request, session, text, kind: 'write', behind, isOpen: false })
  }

  #begin(transfer: CellTransfer): void {
    assert(!this.#live.has(transfer.request), `transfer ${transfer.request} is already live`)
    this.#live.set(transfer.request, transfer)
  }

  /** A transfer that may begin when `oldest` is the oldest micro-batch in flight, once. */
  open(oldest: number): CellTransfer | undefined {
    for (const transfer of this.#live.values()) {
      if (transfer.isOpen || transfer.behind >= oldest) continue
      transfer.isOpen = true
      return transfer
    }
    return undefined
  }

  /** All has been read, or written and is kept. */
  settle(request: RequestId): void {
    const transfer = this.#live.get(request)
    assert(transfer?.isOpen, `transfer ${request} is settled, and was not open`)
    const { session, text, kind } = transfer
    if (kind === 'write' && session !== undefined) this.#kept.keep(text, session)
    this.#end(transfer)
  }

  /** The transfer has failed: what was to be written is not kept. Returns false where there is none. */
  abandon(request: RequestId): boolean {
    const transfer = this.#live.get(request)
    if (transfer) this.#end(transfer)
    return transfer !== undefined
  }

  #end({ request, text }: CellTransfer): void {
    this.#live.delete(request)
    this.#cells.release(text.cells)
  }
}
