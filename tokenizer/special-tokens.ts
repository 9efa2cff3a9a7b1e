// Finds the tokens that are recognised in a text as they stand, before it is cut into words: user-defined tokens
// always, control and unknown tokens only when asked. Longest token first over the whole text, each from left to
// right, as llama.cpp's tokenizer_st_partition does, but in time that grows with the text alone. Pure.
import { isUtf8 } from 'node:buffer'
import type { TokenId } from '../engine/domain.ts'
import { STRING_BYTES_MAX } from '../engine/limits.ts'
import { byteStringAt } from './byte-strings.ts'
import { KeyHeap } from './key-heap.ts'
import { POSITIONS, PRIORITY_MAX } from './merger.ts'
import { LSTRIP, ONLY_WHEN_ASKED, RSTRIP, SPECIAL, tokensWhere } from './token-attributes.ts'
import { TokenBeginnings } from './token-beginnings.ts'
import { TokenFinder } from './token-finder.ts'
import type { Vocabulary } from './vocabulary.ts'

/** A part of the text between special tokens, or a special token. */
export type Fragment = string | TokenId

/** Longer tokens are not looked for until there is a text that long: real ones have tens of bytes. */
const USUAL_BYTES = 256
const FREE = -1

export class SpecialTokens {
  readonly #vocabulary: Vocabulary
  /** Longest first, in bytes; an index is a token's rank. */
  readonly #ids: Int32Array
  /** Bytes of the texts that the finder is made for, and what is made of it. */
  #bytesMax = 0
  #finder: TokenFinder | undefined
  #asked: TokenBeginnings | undefined
  #unasked: TokenBeginnings | undefined
  readonly #utf8 = new TextEncoder()
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
    const { texts, attributes } = vocabulary
    const { strings } = texts
    this.#ids = tokensWhere(attributes, (id) => {
      if ((attributes[id]! & SPECIAL) === 0) return false
      const text = byteStringAt(strings, id)
      return text.length > 0 && isUtf8(text)
    })
    // Sorted as numbers: a comparison function would make V8 copy millions of ids twice.
    const order = Float64Array.from(this.#ids, (id) => (STRING_BYTES_MAX - this.#lengthOf(id)) * PRIORITY_MAX + id)
    order.sort().forEach((key, rank) => {
      this.#ids[rank] = key % PRIORITY_MAX
    })
  }

  /** Cuts `text` at its special tokens; empty parts are left out. */
  partition(text: string, parseSpecial: boolean): Fragment[] {
    if (text === '') return []
    if (this.#ids.length === 0) return [text]
    const bytes = this.#utf8.encode(text)
    this.#makeRoom(bytes.length)
    const beginnings = this.#beginningsFor(parseSpecial)
    const found = this.#finder!.search(bytes)
    const waiting = new KeyHeap(0)
    for (let start = 0; start < found.length; start++) {
      if (found[start] === 0) continue
      const rank = beginnings.chosen(found[start]! - 1)
      if (rank >= 0) waiting.push(rank * POSITIONS + start)
    }
    if (waiting.size === 0) return [text]
    return this.#cut(bytes, this.#claim(bytes, waiting, beginnings, found), found)
  }

  #lengthOf(id: TokenId): number {
    const { offsets } = this.#vocabulary.texts.strings
    return offsets[id + 1]! - offsets[id]!
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#bytesMax) return
    this.#bytesMax = Math.max(USUAL_BYTES, bytes * 2)
    this.#finder = new TokenFinder(this.#vocabulary.texts.strings, this.#ids, this.#bytesMax)
    this.#asked = undefined
    this.#unasked = undefined
  }

  #beginningsFor(parseSpecial: boolean): TokenBeginnings {
    const make = (isChosen: (rank: number) => boolean) =>
      new TokenBeginnings(this.#finder!.beginnings, (rank) => this.#lengthOf(this.#ids[rank]!), isChosen)
    const { attributes } = this.#vocabulary
    const isUnasked = (rank: number) => (attributes[this.#ids[rank]!]! & ONLY_WHEN_ASKED) === 0
    if (parseSpecial) this.#asked ??= make(() => true)
    else this.#unasked ??= make(isUnasked)
    return (parseSpecial ? this.#asked : this.#unasked)!
  }

  /**
   * Gives every byte to the token that takes it, named by the position of the first byte that the token has or strips.
   * Where a token does not fit any more, the longest that it begins with and that fits comes next. Only tokens that
   * begin in the last bytes before a taken one can fail to fit, at most as many as that one has bytes, so there are no
   * more steps than bytes.
   * @param found becomes, per first byte, 1 + rank of the token
   */
  #claim(bytes: Uint8Array, waiting: KeyHeap, beginnings: TokenBeginnings, found: Uint32Array): Int32Array {
    const { attributes } = this.#vocabulary
    const owners = new Int32Array(bytes.length).fill(FREE)
    while (waiting.size > 0) {
      const key = waiting.pop()
      const rank = Math.floor(key / POSITIONS)
      const start = key - rank * POSITIONS
      if (owners[start] !== FREE) continue
      const id = this.#ids[rank]!
      const end = start + this.#lengthOf(id)
      // What was taken before is at least as long, so it reaches over the end if it overlaps at all.
      const taken = owners[end - 1]!
      if (taken !== FREE) {
        const shorter = beginnings.within(rank, taken - start)
        if (shorter >= 0) waiting.push(shorter * POSITIONS + start)
        continue
      }
      let first = start
      let last = end
      if (attributes[id]! & LSTRIP) while (first > 0 && isFreeSpace(bytes, owners, first - 1)) first--
      if (attributes[id]! & RSTRIP) while (last < bytes.length && isFreeSpace(bytes, owners, last)) last++
      owners.fill(first, first, last)
      found[first] = rank + 1
    }
    return owners
  }

  #cut(bytes: Uint8Array, owners: Int32Array, found: Uint32Array): Fragment[] {
    const fragments: Fragment[] = []
    for (let at = 0; at < bytes.length; ) {
      const start = at
      const owner = owners[at]!
      while (at < bytes.length && owners[at] === owner) at++
      if (owner === FREE) fragments.push(this.#decoder.decode(bytes.subarray(start, at)))
      else fragments.push(this.#ids[found[owner]! - 1]!)
    }
    return fragments
  }
}

/** White space as C's isspace knows it. */
function isFreeSpace(bytes: Uint8Array, owners: Int32Array, at: number): boolean {
  const byte = bytes[at]!
  return owners[at] === FREE && (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))
}
