// Texts that stay in their cells after those who wrote them: of requests that have ended, of sequences that pause, and of
// sessions, which are names for texts. Whoever begins like one of them shares its cells, since the same tokens leave the
// same bits. They belong to nobody who runs: whoever needs room takes them, the longest unused first and those with a
// session's name last, and all that costs is a new prefill.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import { KEPT_TEXTS_MAX } from '../limits.ts'
import type { SessionId } from './events.ts'
import type { TextIndex, TextScope } from './text-index.ts'
import { IndexedText } from './token-tree.ts'

/** A text whose cells have all been written, and nothing in flight writes them again. */
class KeptText extends IndexedText {
  readonly session: SessionId | undefined

  constructor(tokens: readonly TokenId[], cells: readonly CellIndex[], session: SessionId | undefined) {
    super(tokens, cells, tokens.length)
    this.session = session
  }
}

export class KeptTexts {
  readonly #cells: Cells
  readonly #index: TextIndex
  /** Without a name, the longest unused first. */
  readonly #nameless = new Set<KeptText>()
  /** The longest unused first. */
  readonly #named = new Map<SessionId, KeptText>()
  /** Texts given up, for room or because there are too many. */
  evictions = 0

  constructor(cells: Cells, index: TextIndex) {
    this.#cells = cells
    this.#index = index
  }

  get sessions(): ReadonlyMap<SessionId, KeptText> {
    return this.#named
  }
  get count(): number {
    return this.#nameless.size + this.#named.size
  }

  *all(): Generator<KeptText, void, undefined> {
    yield* this.#nameless
    yield* this.#named.values()
  }

  /**
   * Keeps a text for those in `scope`, or for nobody but its session; in a session's name in place of what it had. Who
   * refers to the cells goes on doing so.
   */
  keep(
    tokens: readonly TokenId[],
    cells: readonly CellIndex[],
    scope: TextScope | undefined,
    session?: SessionId,
  ): void {
    assert(tokens.length === cells.length, 'a kept text has a cell for every token')
    if (session !== undefined) this.forget(session)
    else if (scope === undefined || this.#isCovered(tokens, scope)) return
    if (cells.length === 0) return
    const text = new KeptText(tokens, cells, session)
    this.#cells.keep(cells)
    if (scope !== undefined) this.#index.add(text, scope)
    if (session === undefined) this.#nameless.add(text)
    else this.#named.set(session, text)
    if (session === undefined) for (const part of [...this.#index.within(text)]) this.#dropNameless(part)
    if (this.count > KEPT_TEXTS_MAX) this.evict()
  }

  /** Whether others have the whole text in cells. Then it has been of use again. */
  #isCovered(tokens: ArrayLike<TokenId>, scope: TextScope): boolean {
    const { length, text } = this.#index.match(scope, tokens, tokens.length)
    if (length < tokens.length) return false
    if (text) this.touch(text)
    return true
  }

  /** The text is of use: if it is kept it is the last to go. */
  touch(text: IndexedText): void {
    if (!(text instanceof KeptText)) return
    if (this.#nameless.delete(text)) this.#nameless.add(text)
    else if (text.session !== undefined && this.#named.get(text.session) === text) {
      this.#named.delete(text.session)
      this.#named.set(text.session, text)
    }
  }

  /** The session is over, or has another text. */
  forget(session: SessionId): void {
    const text = this.#named.get(session)
    if (!text) return
    this.#named.delete(session)
    this.#giveBack(text)
  }

  /** Gives up the text that has been unused for longest. Returns false when nothing is kept. */
  evict(): boolean {
    const [nameless] = this.#nameless
    const [session] = this.#named.keys()
    if (nameless) this.#dropNameless(nameless)
    else if (session !== undefined) this.forget(session)
    else return false
    this.evictions++
    return true
  }

  /** Gives texts up until `count` cells are free, or nothing is kept. */
  makeRoom(count: number): void {
    while (this.#cells.freeCount < count && this.evict());
  }

  #dropNameless(text: IndexedText): void {
    if (text instanceof KeptText && this.#nameless.delete(text)) this.#giveBack(text)
  }

  #giveBack(text: KeptText): void {
    this.#index.remove(text)
    this.#cells.forget(text.cells)
  }
}
