// The one index of texts in cells: those that are kept, with or without a session's name, and those that are evaluated. Whose
// texts somebody may share is decided here and nowhere else: a client's own, and those that are for all.
import type { TokenId } from '../domain.ts'
import type { Work } from './events.ts'
import { type IndexedText, type PrefixMatch, TokenTree } from './token-tree.ts'

/** Those who share with each other: a client's number, or `PUBLIC`. */
export type TextScope = number

/** Texts that all clients share. */
const PUBLIC: TextScope = -1

/** Who shares the text of this work; undefined for nobody. */
export function scopeOf(work: Work): TextScope | undefined {
  if (work.kind === 'text' || (work.kind === 'generate' && work.cachePrompt === false)) return undefined
  return work.isPublic ? PUBLIC : (work.client ?? 0)
}

export class TextIndex {
  readonly #trees = new Map<TextScope, TokenTree>()
  readonly #scopes = new Map<IndexedText, TextScope>()
  #version = 0

  /** Changes whenever an answer may. */
  get version(): number {
    return this.#version
  }

  add(text: IndexedText, scope: TextScope): void {
    this.#version++
    const tree = this.#trees.get(scope) ?? new TokenTree()
    this.#trees.set(scope, tree)
    this.#scopes.set(text, scope)
    tree.add(text)
  }

  /** The text is not to be found any more, if it was. */
  remove(text: IndexedText): void {
    const tree = this.#treeOf(text)
    if (!tree) return
    this.#version++
    tree.remove(text)
    if (tree.isEmpty) this.#trees.delete(this.#scopes.get(text)!)
    this.#scopes.delete(text)
  }

  /** `written` tokens of the text can be shared now. */
  advance(text: IndexedText, written: number): void {
    this.#version++
    this.#treeOf(text)?.advance(text, written)
  }

  /** So many more, or fewer, refer to the cells of the text, kept texts apart. */
  hold(text: IndexedText, change: 1 | -1): void {
    this.#version++
    this.#treeOf(text)?.hold(text, change)
  }

  /** What somebody in this scope finds for the first `end` tokens of a text that began at `order`. */
  match(scope: TextScope, tokens: ArrayLike<TokenId>, end: number, order?: number): PrefixMatch {
    const own = this.#trees.get(scope)?.match(tokens, end, order) ?? NOTHING
    const common = scope === PUBLIC ? NOTHING : (this.#trees.get(PUBLIC)?.match(tokens, end, order) ?? NOTHING)
    const { length, text } = own.length >= common.length ? own : common
    const { comingLength, coming } = own.comingLength >= common.comingLength ? own : common
    return { length, text, held: Math.max(own.held, common.held), comingLength, coming }
  }

  /** Texts that somebody finds who finds this one, and that are a beginning of it. */
  within(text: IndexedText): Iterable<IndexedText> {
    return this.#treeOf(text)?.within(text) ?? []
  }

  #treeOf(text: IndexedText): TokenTree | undefined {
    return this.#trees.get(this.#scopes.get(text)!)
  }
}

const NOTHING: PrefixMatch = { length: 0, text: undefined, held: 0, comingLength: 0, coming: undefined }
