// The merges of a byte-pair vocabulary as rules over symbol ids. A symbol is usually a token; texts that occur in
// merges or as single bytes without being tokens get ids above the tokens'. Pure.
import { type ByteIndex, ByteNumbering, type ByteStrings, stringCount } from './byte-strings.ts'
import { MIX_LEFT, MIX_RIGHT } from './hash-seed.ts'
import type { MergeRules, PairMerger } from './merger.ts'
import { CODE_OF_BYTE } from './pieces.ts'

const SPACE_BYTE = 0x20

/** Numbers every text that can come up while merging. */
export class SymbolIds {
  readonly tokenCount: number
  /** Symbol of each single byte. */
  readonly ofByte: Int32Array
  readonly #texts: ByteIndex
  readonly #others = new ByteNumbering()

  constructor(texts: ByteIndex) {
    this.#texts = texts
    this.tokenCount = stringCount(texts.strings)
    const utf8 = new TextEncoder()
    this.ofByte = Int32Array.from(CODE_OF_BYTE, (code) => this.of(utf8.encode(String.fromCharCode(code))))
  }

  /** The symbol whose text is `bytes[start .. end - 1]`; a new one where there is none yet. */
  of(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
    const token = this.#texts.find(bytes, start, end)
    return token >= 0 ? token : this.tokenCount + this.#others.numberOf(bytes, start, end)
  }

  /** The symbol whose text is `bytes[start .. end - 1]`, -1 where there is none. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const token = this.#texts.find(bytes, start, end)
    if (token >= 0) return token
    const other = this.#others.find(bytes, start, end)
    return other < 0 ? -1 : this.tokenCount + other
  }

  /** The text of a symbol that is no token. */
  textOf(symbol: number): Uint8Array {
    return this.#others.at(symbol - this.tokenCount)
  }
}

/** Finds the merge of two symbols: open addressing over pairs, at most half full. A merge's number is its rank. */
export class MergeTable implements MergeRules {
  readonly symbols: SymbolIds
  readonly priorities: Int32Array
  readonly results: Int32Array
  /** Three numbers per slot: left symbol, right symbol, merge; left is -1 where the slot is free. */
  readonly #slots: Int32Array
  readonly #mask: number
  #joined = new Uint8Array(64)

  /** `merges`: one text per merge, the two halves parted by the first space that is not the first character. */
  constructor(merges: ByteStrings, texts: ByteIndex) {
    this.symbols = new SymbolIds(texts)
    const count = stringCount(merges)
    this.priorities = Int32Array.from({ length: count }, (_, rank) => rank)
    this.results = new Int32Array(count)
    let capacity = 16
    while (capacity < count * 2) capacity *= 2
    this.#mask = capacity - 1
    this.#slots = new Int32Array(capacity * 3).fill(-1)
    for (let rank = 0; rank < count; rank++) this.#add(merges, rank)
  }

  find({ ids }: PairMerger, left: number, right: number): number {
    // A character that no text of the vocabulary has.
    if (ids[left]! < 0 || ids[right]! < 0) return -1
    const at = this.#slotOf(ids[left]!, ids[right]!)
    return this.#slots[at] === -1 ? -1 : this.#slots[at + 2]!
  }

  #add({ bytes, offsets }: ByteStrings, rank: number): void {
    const start = offsets[rank]!
    const end = offsets[rank + 1]!
    let space = start + 1
    while (space < end && bytes[space] !== SPACE_BYTE) space++
    // A line without a second half merges nothing.
    if (space >= end) return
    const left = this.symbols.of(bytes, start, space)
    const right = this.symbols.of(bytes, space + 1, end)
    const at = this.#slotOf(left, right)
    if (this.#slots[at] !== -1) return
    this.#slots[at] = left
    this.#slots[at + 1] = right
    this.#slots[at + 2] = rank
    const joined = this.#roomFor(end - start)
    let length = 0
    for (let i = start; i < end; i++) if (i !== space) joined[length++] = bytes[i]!
    this.results[rank] = this.symbols.of(joined, 0, length)
  }

  /** Scratch for the text of one joined pair. */
  #roomFor(length: number): Uint8Array {
    if (this.#joined.length < length) this.#joined = new Uint8Array(length)
    return this.#joined
  }

  /** Where the pair is, or the free slot where it would go. */
  #slotOf(left: number, right: number): number {
    const slots = this.#slots
    const mask = this.#mask
    let hash = Math.imul(left ^ MIX_RIGHT, MIX_LEFT) ^ Math.imul(right, MIX_RIGHT)
    hash ^= hash >>> 15
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 3
      if (slots[at] === -1 || (slots[at] === left && slots[at + 1] === right)) return at
    }
  }
}
