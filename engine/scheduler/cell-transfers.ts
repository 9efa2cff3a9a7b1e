// Transfers: the driver reads the cells of a session's text, or writes them, in place of rows that pass the stages. They
// refer to their cells like anybody else. Cells to be written may still be those of withdrawn rows in flight: what such a
// row writes is harmless when the next writer is a row behind it, but the driver must wait until it is out.
//
// The driver may take as long as it likes while nobody else needs the cells. Once somebody does, it has `pinUs` left: then
// the transfer that began first ends, and what the session kept before it still does.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import type { RequestId, SchedulerLimits, SessionId } from './events.ts'
import type { KeptTexts } from './kept-texts.ts'
import type { TextIndex, TextScope } from './text-index.ts'
import { IndexedText } from './token-tree.ts'

/** A text that is to be written into cells. */
interface Restored {
  readonly request: RequestId
  readonly tokens: ArrayLike<TokenId>
  readonly scope: TextScope | undefined
  /** The newest micro-batch when the cells are given; it must have returned. */
  readonly behind: number
  /** Undefined once the session is forgotten. */
  session: SessionId | undefined
}

interface CellTransfer extends Omit<Restored, 'tokens'> {
  readonly text: IndexedText
  readonly kind: 'read' | 'write'
  /** When the driver heard of it; undefined before, and without a clock. */
  openedUs: number | undefined
  isOpen: boolean
}

export class CellTransfers {
  /** Undefined: it may take for ever. */
  readonly #pinUs: number | undefined
  readonly #cells: Cells
  readonly #index: TextIndex
  readonly #kept: KeptTexts
  readonly #live = new Map<RequestId, CellTransfer>()
  /** Since when somebody waits for cells that transfers hold. */
  #wantedUs: number | undefined

  constructor({ pinUs }: Pick<SchedulerLimits, 'pinUs'>, cells: Cells, index: TextIndex, kept: KeptTexts) {
    this.#pinUs = pinUs
    this.#cells = cells
    this.#index = index
    this.#kept = kept
  }

  get live(): ReadonlyMap<RequestId, { readonly text: IndexedText }> {
    return this.#live
  }

  /** Cells that would be free, or as good as free, without transfers. */
  get heldCount(): number {
    const pins = new Map<CellIndex, number>()
    for (const { text } of this.#live.values()) {
      for (const cell of text.cells) pins.set(cell, (pins.get(cell) ?? 0) + 1)
    }
    let count = 0
    for (const [cell, pinned] of pins) if (this.#cells.holders(cell) === pinned) count++
    return count
  }

  /** The session is over: what is written for it is kept for nobody. */
  forget(session: SessionId): void {
    for (const transfer of this.#live.values()) if (transfer.session === session) transfer.session = undefined
  }

  /** A transfer of what the session keeps, to be read. */
  hold(request: RequestId, session: SessionId): void {
    const text = this.#kept.sessions.get(session) ?? new IndexedText([], [], 0)
    this.#cells.share(text.cells, text.length)
    this.#index.hold(text, 1)
    this.#begin({ request, session, text, scope: undefined, kind: 'read', behind: -1 })
  }

  /** A transfer of `tokens`, to be written into free cells behind micro-batch `behind`. */
  reserve({ tokens, ...restored }: Restored): void {
    const cells: CellIndex[] = []
    this.#kept.makeRoom(tokens.length)
    this.#cells.allocate(tokens.length, cells)
    this.#begin({ ...restored, text: new IndexedText(Array.from(tokens), cells, 0), kind: 'write' })
  }

  #begin(transfer: Omit<CellTransfer, 'openedUs' | 'isOpen'>): void {
    assert(!this.#live.has(transfer.request), `transfer ${transfer.request} is already live`)
    this.#live.set(transfer.request, { ...transfer, openedUs: undefined, isOpen: false })
  }

  /** A transfer that may begin when `oldest` is the oldest micro-batch in flight, once. */
  open(oldest: number, nowUs: number | undefined): CellTransfer | undefined {
    for (const transfer of this.#live.values()) {
      if (transfer.isOpen || transfer.behind >= oldest) continue
      transfer.isOpen = true
      transfer.openedUs = nowUs
      return transfer
    }
    return undefined
  }

  /** All has been read, or written and is kept. */
  settle(request: RequestId): void {
    const transfer = this.#live.get(request)
    assert(transfer?.isOpen, `transfer ${request} is settled, and was not open`)
    const { session, scope, text, kind } = transfer
    if (kind === 'write' && session !== undefined) this.#kept.keep(text.tokens, text.cells, scope, session)
    this.#end(transfer)
  }

  /** The transfer is over: what was to be written is not kept. Returns false where there is none. */
  abandon(request: RequestId): boolean {
    const transfer = this.#live.get(request)
    if (transfer) this.#end(transfer)
    return transfer !== undefined
  }

  #end({ request, text, kind }: CellTransfer): void {
    this.#live.delete(request)
    this.#cells.release(text.cells)
    if (kind === 'read') this.#index.hold(text, -1)
  }

  /** Whether somebody waits for cells that transfers hold. Returns when the first of them has held its own for too long. */
  deadline(isWanted: boolean, nowUs: number): { readonly request: RequestId; readonly atUs: number } | undefined {
    this.#wantedUs = isWanted ? (this.#wantedUs ?? nowUs) : undefined
    if (this.#wantedUs === undefined || this.#pinUs === undefined) return undefined
    for (const { request, isOpen, openedUs = nowUs } of this.#live.values()) {
      if (isOpen) return { request, atUs: Math.max(openedUs, this.#wantedUs) + this.#pinUs }
    }
    return undefined
  }
}
