// Texts that stay in their cells after those who wrote them: of requests that have ended, of sequences that pause, and of
// sessions, which are names for texts. Whoever begins like one of them shares its cells, since the same tokens leave the
// same bits. They belong to nobody who runs: whoever needs room takes them, the longest unused first and those with a
// session's name last, and all that costs is a new prefill.
import type { CellIndex, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Cells } from '../kv/cells.ts'
import type { SessionId } from './events.ts'

/** Tokens, and the cells with their K and V. All have been written, and nothing in flight writes them again. */
export interface KeptText {
  readonly tokens: readonly TokenId[]
  readonly cells: readonly CellIndex[]
}

/** More texts than this are of no use: to find one among them costs more than it saves. */
const KEPT_TEXTS_MAX = 256

export class KeptTexts {
  readonly #cells: Cells
  /** Without a name, the longest unused first. */
  readonly #nameless = new Set<KeptText>()
  /** The longest unused first. */
  readonly #named = new Map<SessionId, KeptText>()

  constructor(cells: Cells) {
    this.#cells = cells
  }

  get sessions(): ReadonlyMap<SessionId, KeptText> {
    return this.#named
  }

  *all(): Generator<KeptText, void, undefined> {
    yield* this.#nameless
    yield* this.#named.values()
  }

  /** Keeps a text; in a session's name in place of what it had. Who refers to the cells goes on doing so. */
  keep(text: KeptText, session?: SessionId): void {
    const { tokens, cells } = text
    assert(tokens.length === cells.length, 'a kept text has a cell for every token')
    if (session !== undefined) this.forget(session)
    if (cells.length === 0) return
    if (session === undefined && this.#covers(text)) return
    this.#cells.keep(cells)
    if (session === undefined) this.#nameless.add(text)
    else this.#named.set(session, text)
    if (this.#nameless.size > KEPT_TEXTS_MAX) this.#drop(this.#nameless.values().next().value!)
  }

  /** Whether a text is the beginning of one that is kept. Those that are beginnings of it are forgotten for its sake. */
  #covers({ tokens }: KeptText): boolean {
    for (const text of this.all()) {
      const length = commonLength(text.tokens, tokens)
      if (length === tokens.length) return true
      if (length === text.tokens.length && this.#nameless.has(text)) this.#drop(text)
    }
    return false
  }

  /** The kept text that has the longest beginning in common with `tokens`, and how long that is. */
  find(tokens: ArrayLike<TokenId>): { readonly text: KeptText | undefined; readonly length: number } {
    let [best, longest]: [KeptText | undefined, number] = [undefined, 0]
    for (const text of this.all()) {
      const length = commonLength(text.tokens, tokens)
      if (length > longest) [best, longest] = [text, length]
    }
    return { text: best, length: longest }
  }

  /** The text is of use: it is the last to go. */
  touch(text: KeptText): void {
    if (this.#nameless.delete(text)) this.#nameless.add(text)
    for (const [session, named] of this.#named) {
      if (named !== text) continue
      this.#named.delete(session)
      this.#named.set(session, text)
      return
    }
  }

  /** The session is over, or has another text. */
  forget(session: SessionId): void {
    const text = this.#named.get(session)
    if (!text) return
    this.#named.delete(session)
    this.#cells.forget(text.cells)
  }

  /** Gives up the text that has been unused for longest. Returns false when nothing is kept. */
  evict(): boolean {
    const [nameless] = this.#nameless
    if (nameless) this.#drop(nameless)
    else {
      const [session] = this.#named.keys()
      if (session === undefined) return false
      this.forget(session)
    }
    return true
  }

  /** Gives texts up until `count` cells are free, or nothing is kept. */
  makeRoom(count: number): void {
    while (this.#cells.freeCount < count && this.evict());
  }

  #drop(text: KeptText): void {
    this.#nameless.delete(text)
    this.#cells.forget(text.cells)
  }
}

/** Tokens at the beginning that two texts have in common. */
export function commonLength(a: ArrayLike<TokenId>, b: ArrayLike<TokenId>): number {
  const end = Math.min(a.length, b.length)
  let length = 0
  while (length < end && a[length] === b[length]) length++
  return length
}
