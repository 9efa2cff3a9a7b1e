// Finds, for every position of a text, the longest of many tokens that begins there: the automaton of Aho and Corasick
// (CACM 1975) over the tokens written backwards, which reads the text once from its end. A header may hold 256 MB of
// tokens, so its states are numbers in typed arrays: five bytes for a byte of a token, or nine where tokens lie in tokens
// (memory that is never written to does not count). Pure.
import type { TokenId } from '../engine/domain.ts'
import type { ByteStrings } from './byte-strings.ts'
import { MIX_LEFT, MIX_RIGHT } from './hash-seed.ts'

const ROOT = 0
/** More than there are tokens: a depth and a chain's number share one exact float. */
const CHAINS = 2 ** 22
/** No byte of UTF-8: the label of the unused state behind the last of each chain. */
const NO_LABEL = 0xff

/** States of one token that none before it has: `first` is entered from `parent`, each other from the one before it. */
interface Chains {
  readonly parent: Uint32Array
  readonly depth: Uint32Array
}

export class TokenFinder {
  /** Per state, from 1: the byte that leads into it. */
  readonly #labels: Uint8Array
  /** Per state: that of the longest proper end of its string that has one. */
  readonly #shorter: Uint32Array
  /** Per state: 1 + rank of the longest token that it has read to its beginning, 0 for none, or for the end of a chain. */
  readonly #found: Uint32Array
  /** Per chain, ascending: its first state; and the rank of its token, which its last state has read. */
  readonly #chainFirst: Uint32Array
  readonly #chainRank: Uint32Array
  #chains = 0
  /** Branches where a chain leaves another: open addressing, at most half full; state 0 where free. */
  readonly #branchFrom: Uint32Array
  readonly #branchTo: Uint32Array
  /** Per rank: the longest other token that it begins with, -1 for none. */
  readonly beginnings: Int32Array

  /**
   * @param ids of different, well-formed texts; an index into it is a token's rank
   * @param bytesMax tokens with more bytes are left out: no text that is searched has as many
   */
  constructor(texts: ByteStrings, ids: ArrayLike<TokenId>, bytesMax: number) {
    const lengthOf = (rank: number) => texts.offsets[ids[rank]! + 1]! - texts.offsets[ids[rank]!]!
    let states = 1
    let chains = 0
    for (let rank = 0; rank < ids.length; rank++) {
      if (lengthOf(rank) > bytesMax) continue
      states += lengthOf(rank) + 1
      chains++
    }
    this.#labels = new Uint8Array(states + 1)
    this.#shorter = new Uint32Array(states)
    this.#found = new Uint32Array(states)
    this.#chainFirst = new Uint32Array(chains)
    this.#chainRank = new Uint32Array(chains)
    this.beginnings = new Int32Array(ids.length).fill(-1)
    let capacity = 16
    while (capacity < chains * 2) capacity *= 2
    this.#branchFrom = new Uint32Array(capacity)
    this.#branchTo = new Uint32Array(capacity)
    const made = { parent: new Uint32Array(chains), depth: new Uint32Array(chains) }
    let next = 1
    for (let rank = 0; rank < ids.length; rank++) {
      if (lengthOf(rank) <= bytesMax) next = this.#enter(texts, ids[rank]!, rank, next, made)
    }
    this.#link(made)
  }

  /** Per byte of `text`: 1 + rank of the longest token that begins there, 0 for none. */
  search(text: Uint8Array): Uint32Array {
    const found = new Uint32Array(text.length)
    let state = ROOT
    for (let at = text.length - 1; at >= 0; at--) {
      state = this.#step(state, text[at]!)
      found[at] = this.#foundAt(state)
    }
    return found
  }

  /** Adds the states of a token, numbered from `next` on; returns the next number. */
  #enter({ bytes, offsets }: ByteStrings, id: TokenId, rank: number, next: number, chains: Chains): number {
    const start = offsets[id]!
    let state = ROOT
    let at = offsets[id + 1]! - 1
    for (; at >= start; at--) {
      const child = this.#child(state, bytes[at]!)
      if (child === ROOT) break
      state = child
    }
    if (at < start) {
      this.#found[state] = rank + 1
      return next
    }
    const chain = this.#chains++
    this.#chainFirst[chain] = next
    this.#chainRank[chain] = rank
    chains.parent[chain] = state
    chains.depth[chain] = offsets[id + 1]! - at
    let last = next
    while (at >= start) this.#labels[last++] = bytes[at--]!
    this.#addBranch(state, next, this.#labels[next]!)
    // One state stays unused, so that no chain runs into the next.
    this.#labels[last] = NO_LABEL
    return last + 1
  }

  /** Sets `shorter` and completes `found`, state by state from the root outwards. */
  #link(chains: Chains): void {
    // By depth, then number.
    const order = Float64Array.from(
      { length: this.#chains },
      (_, chain) => chains.depth[chain]! * CHAINS + chain,
    ).sort()
    const growing = new Uint32Array(this.#chains)
    let count = 0
    let entered = 0
    for (let depth = 1; entered < order.length || count > 0; depth++) {
      while (entered < order.length && order[entered]! < (depth + 1) * CHAINS) {
        growing[count++] = order[entered++]! - depth * CHAINS
      }
      let kept = 0
      for (let i = 0; i < count; i++) {
        const chain = growing[i]!
        const state = this.#chainFirst[chain]! + depth - chains.depth[chain]!
        this.#linkState(state, depth === chains.depth[chain] ? chains.parent[chain]! : state - 1)
        if (this.#labels[state + 1] !== NO_LABEL) growing[kept++] = chain
      }
      count = kept
    }
  }

  #linkState(state: number, parent: number): void {
    const shorter = parent === ROOT ? ROOT : this.#step(this.#shorter[parent]!, this.#labels[state]!)
    this.#shorter[state] = shorter
    const own = this.#foundAt(state)
    const inherited = this.#foundAt(shorter)
    if (inherited === 0) return
    if (own === 0) this.#found[state] = inherited
    else this.beginnings[own - 1] = inherited - 1
  }

  /** 1 + rank of the longest token that a state has read to its beginning, 0 for none. */
  #foundAt(state: number): number {
    if (state === ROOT || this.#labels[state + 1] !== NO_LABEL) return this.#found[state]!
    let low = 0
    let high = this.#chains - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#chainFirst[middle]! <= state) low = middle
      else high = middle - 1
    }
    return this.#chainRank[low]! + 1
  }

  #step(from: number, byte: number): number {
    for (let state = from; ; state = this.#shorter[state]!) {
      const child = this.#child(state, byte)
      if (child !== ROOT || state === ROOT) return child
    }
  }

  /** The state that `byte` leads to, ROOT for none. */
  #child(state: number, byte: number): number {
    if (state !== ROOT && this.#labels[state + 1] === byte) return state + 1
    const mask = this.#branchTo.length - 1
    for (let slot = slotOf(state, byte, mask); ; slot = (slot + 1) & mask) {
      const to = this.#branchTo[slot]!
      if (to === ROOT || (this.#branchFrom[slot] === state && this.#labels[to] === byte)) return to
    }
  }

  #addBranch(from: number, to: number, byte: number): void {
    const mask = this.#branchTo.length - 1
    let slot = slotOf(from, byte, mask)
    while (this.#branchTo[slot] !== ROOT) slot = (slot + 1) & mask
    this.#branchFrom[slot] = from
    this.#branchTo[slot] = to
  }
}

function slotOf(state: number, byte: number, mask: number): number {
  let hash = Math.imul(state ^ MIX_RIGHT, MIX_LEFT) ^ Math.imul(byte, MIX_RIGHT)
  hash ^= hash >>> 15
  return hash & mask
}
