// Which tokens may follow a position: a walk through the tree of all tokens that leaps over what cannot come. It is made
// in pieces, so that whoever has other things to do can look at them in between. Pure.
import type { ItemSet } from './item-set.ts'
import type { Positions } from './positions.ts'
import type { TokenTrie } from './token-trie.ts'

/** What a walk needs of its grammar. */
export interface WalkedGrammar {
  readonly positions: Positions
  /** Whether the text can be closed with so many tokens. */
  fits(position: ItemSet, tokens: number): boolean
}

export class MaskWalk {
  readonly #grammar: WalkedGrammar
  readonly #trie: TokenTrie
  readonly #tokensLeft: number
  /** The position after each byte on the way to the node; index 0 is where the walk begins. */
  readonly #path: ItemSet[]
  #node = 0
  /** What is left of the work that one answer may take. */
  #workLeft: number
  /** Bit per token: it can come next, and the text can be closed with `tokensLeft` after it. Whole when the walk is over. */
  readonly mask: Uint32Array
  /** The most bytes that are needed to close the text after any of the tokens. */
  closeBytesMost = 0

  /** `size`: tokens of the model. */
  constructor(grammar: WalkedGrammar, trie: TokenTrie, size: number, from: ItemSet, tokensLeft: number) {
    this.#grammar = grammar
    this.#trie = trie
    this.#tokensLeft = tokensLeft
    this.#path = [from]
    this.#workLeft = grammar.positions.beginWork()
    this.mask = new Uint32Array((size + 31) >>> 5)
  }

  /** Goes on for about `steps`: nodes, and the work of positions that are new. Returns whether the walk is over. */
  advance(steps: number): boolean {
    const { positions } = this.#grammar
    const { bytes, depths, ends, tokensFrom, tokens } = this.#trie
    const path = this.#path
    const { mask } = this
    positions.workLeft = this.#workLeft
    const begun = this.#workLeft
    let node = this.#node
    for (let done = 0; node < bytes.length; done++) {
      if (done + begun - positions.workLeft >= steps) break
      const depth = depths[node]!
      const position = positions.step(path[depth - 1]!, bytes[node]!)
      if (position === null) {
        node = ends[node]!
        continue
      }
      path[depth] = position
      const end = tokensFrom[node + 1]!
      const first = tokensFrom[node]!
      node++
      if (first === end) continue
      this.closeBytesMost = Math.max(this.closeBytesMost, position.closeBytes)
      if (!this.#grammar.fits(position, this.#tokensLeft)) continue
      for (let i = first; i < end; i++) mask[tokens[i]! >>> 5]! |= 1 << (tokens[i]! & 31)
    }
    this.#node = node
    this.#workLeft = positions.workLeft
    return node >= bytes.length
  }
}
