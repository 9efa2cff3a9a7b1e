// Sessions between their requests: the text a session has in KV cells, so that a request that begins the same evaluates
// only what is new. Kept cells belong to nobody who runs: whoever needs room takes them, the longest unused first, and
// all that costs is a new prefill.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import type { SessionId } from './events.ts'

/** Tokens, and the cells with their K and V. All have been written, and nothing in flight writes them again. */
export interface KeptText {
  readonly tokens: readonly TokenId[]
  readonly cells: readonly CellIndex[]
}

export class Sessions {
  readonly #cells: Cells
  /** The longest unused first. */
  readonly #kept = new Map<SessionId, KeptText>()
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

  /** Keeps a text for the session's next request, in place of what it had. The cells have no other owner. */
  keep(session: SessionId, text: KeptText): void {
    assert(text.tokens.length === text.cells.length, 'a kept text has a cell for every token')
    this.forget(session)
    if (text.cells.length === 0) return
    this.#kept.set(session, text)
    this.#cellCount += text.cells.length
  }

  /** Takes out what the session keeps; the cells are the caller's from now on. */
  take(session: SessionId): KeptText | undefined {
    const text = this.#kept.get(session)
    if (!text) return undefined
    this.#kept.delete(session)
    this.#cellCount -= text.cells.length
    return text
  }

  /**
   * Takes the cells of the beginning that the session's text has in common with `prompt`, at most `countMax` tokens; its
   * other cells are free.
   */
  takeBeginning(session: SessionId, prompt: ArrayLike<TokenId>, countMax: number): CellIndex[] {
    const text = this.take(session)
    if (!text) return []
    const { tokens, cells } = text
    const end = Math.min(tokens.length, countMax)
    let same = 0
    while (same < end && tokens[same] === prompt[same]) same++
    this.#cells.release(cells.slice(same))
    return cells.slice(0, same)
  }

  /** The session keeps nothing any more. */
  forget(session: SessionId): void {
    const text = this.take(session)
    if (text) this.#cells.release(text.cells)
  }

  /** Forgets what has not been used for longest until `count` cells are free. The caller has checked that there are. */
  makeRoom(count: number): void {
    for (const session of this.#kept.keys()) {
      if (this.#cells.freeCount >= count) return
      this.forget(session)
    }
  }
}
