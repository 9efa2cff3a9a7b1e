// Texts by their beginnings: a radix tree whose edges are stretches of the texts' own tokens. A lookup walks along what is the
// same and looks at nothing else, so it takes as long as the match, however many texts there are. Every node knows of the
// texts below it what a lookup asks for, so that no text is compared with more than once.
import type { CellIndex, TokenId } from '../domain.ts'

/** The first `length` tokens of a text, which do not change, and the cells that hold them, or will. */
export class IndexedText {
  readonly tokens: readonly TokenId[]
  readonly cells: readonly CellIndex[]
  readonly length: number
  /** When it began to be evaluated, among all; infinite where nobody evaluates it. */
  readonly order: number
  /** So many tokens are in their cells, and their rows are out of the pipeline. Set by the tree. */
  written: number
  /** How many, kept texts apart, refer to its cells. Set by the tree. */
  holders = 0
  /** Where it ends, while it is in a tree. */
  node: TreeNode | undefined = undefined

  constructor(
    tokens: readonly TokenId[],
    cells: readonly CellIndex[],
    written: number,
    order = Number.POSITIVE_INFINITY,
  ) {
    this.tokens = tokens
    this.cells = cells
    this.length = tokens.length
    this.written = written
    this.order = order
  }
}

class TreeNode {
  parent: TreeNode | undefined
  /** Tokens from the root to the end of this node's edge. */
  readonly end: number
  readonly children = new Map<TokenId, TreeNode>()
  /** Texts that end here. */
  readonly texts = new Set<IndexedText>()
  /** Of the texts here and below: one of which most is written. Its tokens are those of the edge. */
  most!: IndexedText
  /** The one that began first, of those that are evaluated. */
  first: IndexedText | undefined = undefined
  /** Of how many somebody holds cells, kept texts apart. */
  holders = 0

  constructor(parent: TreeNode | undefined, end: number) {
    this.parent = parent
    this.end = end
  }

  include(text: IndexedText): void {
    if (!this.most || this.most.written < text.written) this.most = text
    if (text.order < (this.first?.order ?? Number.POSITIVE_INFINITY)) this.first = text
    this.holders += text.holders
  }

  exclude(text: IndexedText): void {
    this.holders -= text.holders
    if (this.most !== text && this.first !== text) return
    this.first = undefined
    let most: IndexedText | undefined
    for (const other of this.#nearest()) {
      if (!most || most.written < other.written) most = other
      if (other.order < (this.first?.order ?? Number.POSITIVE_INFINITY)) this.first = other
    }
    this.most = most!
  }

  /** Texts among which those are that this node names. */
  *#nearest(): Generator<IndexedText, void, undefined> {
    yield* this.texts
    for (const { most, first } of this.children.values()) {
      yield most
      if (first) yield first
    }
  }
}

/** What the texts of a tree have of the beginning of another one. */
export interface PrefixMatch {
  /** Tokens that are written, and a text that has them. */
  readonly length: number
  readonly text: IndexedText | undefined
  /** Tokens that somebody holds cells for, written or not. */
  readonly held: number
  /** The longest beginning that is evaluated for others who began earlier, and the first of them. */
  readonly comingLength: number
  readonly coming: IndexedText | undefined
}

export class TokenTree {
  readonly #root = new TreeNode(undefined, 0)

  get isEmpty(): boolean {
    return this.#root.children.size === 0
  }

  /** Adds a text of at least one token. */
  add(text: IndexedText): void {
    const { tokens, length } = text
    let node = this.#root
    while (node.end < length) {
      const child = node.children.get(tokens[node.end]!)
      if (child) node = upTo(child, commonEnd(child.most.tokens, tokens, node.end, Math.min(child.end, length)))
      else {
        const leaf = new TreeNode(node, length)
        node.children.set(tokens[node.end]!, leaf)
        node = leaf
      }
    }
    node.texts.add(text)
    text.node = node
    for (let at: TreeNode | undefined = node; at; at = at.parent) at.include(text)
  }

  remove(text: IndexedText): void {
    const { node } = text
    if (!node) return
    text.node = undefined
    node.texts.delete(text)
    let at: TreeNode | undefined = node
    while (at) {
      const { parent }: TreeNode = at
      if (parent && at.texts.size === 0 && at.children.size < 2) {
        const [child] = at.children.values()
        const token = text.tokens[parent.end]!
        if (child) {
          child.parent = parent
          parent.children.set(token, child)
        } else parent.children.delete(token)
      } else at.exclude(text)
      at = parent
    }
  }

  /** `written` tokens of the text are written now, not fewer than before. */
  advance(text: IndexedText, written: number): void {
    text.written = written
    for (let at = text.node; at && (at.most === text || at.most.written < written); at = at.parent) at.most = text
  }

  /** So many more, or fewer, refer to the cells of the text. */
  hold(text: IndexedText, change: 1 | -1): void {
    text.holders += change
    for (let at = text.node; at; at = at.parent) at.holders += change
  }

  /** Compares the first `end` tokens of a text that began at `order`, or would. */
  match(tokens: ArrayLike<TokenId>, end: number, order = Number.POSITIVE_INFINITY): PrefixMatch {
    let [length, held, comingLength]: [number, number, number] = [0, 0, 0]
    let [text, coming]: [IndexedText | undefined, IndexedText | undefined] = [undefined, undefined]
    let node = this.#root
    while (node.end < end) {
      const child = node.children.get(tokens[node.end]!)
      if (!child) break
      const { most, first } = child
      // All texts from here on have so many tokens in common with this one, at least.
      const common = commonEnd(most.tokens, tokens, node.end, Math.min(child.end, end))
      const written = Math.min(common, most.written)
      if (written > length) [length, text] = [written, most]
      if (child.holders > 0) held = common
      if (first && first.order < order) [comingLength, coming] = [common, first]
      if (common < child.end) break
      node = child
    }
    return { length, text, held, comingLength, coming }
  }

  /** Texts that are beginnings of this one, which is in the tree, and shorter. */
  *within({ node }: IndexedText): Generator<IndexedText, void, undefined> {
    for (let at = node?.parent; at; at = at.parent) yield* at.texts
  }
}

/** The node that ends after `end` tokens, on the edge of `node`. */
function upTo(node: TreeNode, end: number): TreeNode {
  if (end === node.end) return node
  const parent = node.parent!
  const upper = new TreeNode(parent, end)
  upper.most = node.most
  upper.first = node.first
  upper.holders = node.holders
  parent.children.set(node.most.tokens[parent.end]!, upper)
  upper.children.set(node.most.tokens[end]!, node)
  node.parent = upper
  return upper
}

/** How far two texts are the same that are so up to `from`, and no further than `end`. */
function commonEnd(a: ArrayLike<TokenId>, b: ArrayLike<TokenId>, from: number, end: number): number {
  let at = from
  while (at < end && a[at] === b[at]) at++
  return at
}
