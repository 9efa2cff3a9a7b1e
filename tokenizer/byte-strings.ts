// Many short byte strings in one buffer, and tables that find one of them by its bytes without making a JavaScript
// string. Pure.
import { MIX_LEFT, MIX_RIGHT } from './hash-seed.ts'

/** String `i` is `bytes[offsets[i] .. offsets[i + 1] - 1]`; there is one offset more than there are strings. */
export interface ByteStrings {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

export function stringCount(strings: ByteStrings): number {
  return strings.offsets.length - 1
}

/** A view of string `i`. */
export function byteStringAt(strings: ByteStrings, i: number): Uint8Array {
  return strings.bytes.subarray(strings.offsets[i]!, strings.offsets[i + 1]!)
}

/** Copies of the strings `indices`, close together in shared memory, so that other threads can read them. */
export function shareSome(strings: ByteStrings, indices: ArrayLike<number>): ByteStrings {
  const offsets = new Uint32Array(new SharedArrayBuffer((indices.length + 1) * 4))
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    offsets[i + 1] = offsets[i]! + strings.offsets[index + 1]! - strings.offsets[index]!
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(offsets[indices.length]!))
  for (let i = 0; i < indices.length; i++) bytes.set(byteStringAt(strings, indices[i]!), offsets[i])
  return { bytes, offsets }
}

/** Finds strings of a table by their bytes: open addressing, at most half full. */
export class ByteIndex {
  readonly strings: ByteStrings
  /** Bytes of the longest string: nothing longer is ever found. */
  readonly longest: number
  /** Indices of two equal strings, where the table has such; the first one is found. */
  readonly duplicate: readonly [first: number, second: number] | undefined
  /** Index of the string in each slot, -1 where free. */
  readonly #slots: Int32Array

  /** Empty strings are left out. */
  constructor(strings: ByteStrings) {
    this.strings = strings
    const count = stringCount(strings)
    let capacity = 16
    while (capacity < count * 2) capacity *= 2
    this.#slots = new Int32Array(capacity).fill(-1)
    let longest = 0
    let duplicate: readonly [number, number] | undefined
    for (let i = 0; i < count; i++) {
      const start = strings.offsets[i]!
      const end = strings.offsets[i + 1]!
      if (start === end) continue
      longest = Math.max(longest, end - start)
      const slot = slotOf(strings, this.#slots, strings.bytes, start, end)
      const found = this.#slots[slot]!
      if (found < 0) this.#slots[slot] = i
      else duplicate ??= [found, i]
    }
    this.longest = longest
    this.duplicate = duplicate
  }

  /** Index of the string equal to `source[start .. end - 1]`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (length > this.longest || length <= 0) return -1
    return this.#slots[slotOf(this.strings, this.#slots, source, start, end)]!
  }
}

/** Numbers different byte strings in the order in which they come. */
export class ByteNumbering {
  #bytes = new Uint8Array(256)
  #offsets = new Uint32Array(16)
  #slots = new Int32Array(32).fill(-1)
  #count = 0

  /** The number of `source[start .. end - 1]`, a new one where it has not come yet. */
  numberOf(source: Uint8Array, start: number, end: number): number {
    if (this.#count * 2 >= this.#slots.length) this.#spread()
    const strings = { bytes: this.#bytes, offsets: this.#offsets }
    const slot = slotOf(strings, this.#slots, source, start, end)
    if (this.#slots[slot]! >= 0) return this.#slots[slot]!
    const begin = this.#offsets[this.#count]!
    this.#makeRoom(begin + end - start)
    this.#bytes.set(source.subarray(start, end), begin)
    this.#slots[slot] = this.#count++
    this.#offsets[this.#count] = begin + end - start
    return this.#count - 1
  }

  /** The number of a string that has come, -1 for any other. */
  find(source: Uint8Array, start: number, end: number): number {
    return this.#slots[slotOf({ bytes: this.#bytes, offsets: this.#offsets }, this.#slots, source, start, end)]!
  }

  /** A view of the string that has number `i`. */
  at(i: number): Uint8Array {
    return this.#bytes.subarray(this.#offsets[i]!, this.#offsets[i + 1]!)
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(bytes, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    if (this.#count + 2 > this.#offsets.length) {
      const grown = new Uint32Array(this.#offsets.length * 2)
      grown.set(this.#offsets)
      this.#offsets = grown
    }
  }

  #spread(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const strings = { bytes: this.#bytes, offsets: this.#offsets }
    for (let i = 0; i < this.#count; i++) {
      this.#slots[slotOf(strings, this.#slots, this.#bytes, this.#offsets[i]!, this.#offsets[i + 1]!)] = i
    }
  }
}

/** The slot that holds the string equal to `source[start .. end - 1]`, or the free one where it would go. */
function slotOf(strings: ByteStrings, slots: Int32Array, source: Uint8Array, start: number, end: number): number {
  const { bytes, offsets } = strings
  const mask = slots.length - 1
  // FNV-1a from a start of its own, then a finalizer: its low bits alone would cluster.
  let hash = MIX_LEFT
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), MIX_RIGHT)
  hash ^= hash >>> 15
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const candidate = slots[slot]!
    if (candidate < 0) return slot
    const from = offsets[candidate]!
    if (offsets[candidate + 1]! - from !== end - start) continue
    let at = 0
    while (start + at < end && bytes[from + at] === source[start + at]) at++
    if (start + at === end) return slot
  }
}
