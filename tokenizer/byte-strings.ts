// Many short byte strings in one buffer, and an index that finds one of them by its bytes without making a JavaScript
// string. Pure.

/** String `i` is `bytes[offsets[i] .. offsets[i + 1] - 1]`; there is one offset more than there are strings. */
export interface ByteStrings {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

export function countOf(strings: ByteStrings): number {
  return strings.offsets.length - 1
}

/** A view of string `i`. */
export function byteStringAt(strings: ByteStrings, i: number): Uint8Array {
  return strings.bytes.subarray(strings.offsets[i]!, strings.offsets[i + 1]!)
}

/** The strings `bytes[begins[i] .. ends[i] - 1]`, close together. */
export function packRanges(bytes: Uint8Array, begins: ArrayLike<number>, ends: ArrayLike<number>): ByteStrings {
  const count = begins.length
  const offsets = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i]! + ends[i]! - begins[i]!
  const packed = new Uint8Array(offsets[count]!)
  let to = 0
  for (let i = 0; i < count; i++) {
    for (let from = begins[i]!; from < ends[i]!; from++) packed[to++] = bytes[from]!
  }
  return { bytes: packed, offsets }
}

/** A copy in shared memory, so that other threads can read it. */
export function share({ bytes, offsets }: ByteStrings): ByteStrings {
  const shared = {
    bytes: new Uint8Array(new SharedArrayBuffer(bytes.byteLength)),
    offsets: new Uint32Array(new SharedArrayBuffer(offsets.byteLength)),
  }
  shared.bytes.set(bytes)
  shared.offsets.set(offsets)
  return shared
}

/** Finds strings of a table by their bytes: open addressing, at most half full. */
export class ByteIndex {
  readonly strings: ByteStrings
  /** Bytes of the longest string: nothing longer is ever found. */
  readonly longest: number
  /** Indices of two equal strings, where the table has such; the first one is found. */
  readonly duplicate: readonly [first: number, second: number] | undefined
  /** Index of the string in each slot, -1 where free. */
  private readonly slots: Int32Array

  /** Empty strings are left out. */
  constructor(strings: ByteStrings) {
    this.strings = strings
    const count = countOf(strings)
    let capacity = 16
    while (capacity < count * 2) capacity *= 2
    this.slots = new Int32Array(capacity).fill(-1)
    let longest = 0
    let duplicate: readonly [number, number] | undefined
    for (let i = 0; i < count; i++) {
      const start = strings.offsets[i]!
      const end = strings.offsets[i + 1]!
      if (start === end) continue
      longest = Math.max(longest, end - start)
      const slot = this.slotOf(strings.bytes, start, end)
      const found = this.slots[slot]!
      if (found < 0) this.slots[slot] = i
      else duplicate ??= [found, i]
    }
    this.longest = longest
    this.duplicate = duplicate
  }

  /** Index of the string equal to `source[start .. end - 1]`, or -1. */
  find(source: Uint8Array, start: number, end: number): number {
    const length = end - start
    if (length > this.longest || length <= 0) return -1
    return this.slots[this.slotOf(source, start, end)]!
  }

  /** The slot that holds the string, or the free one where it would go. */
  private slotOf(source: Uint8Array, start: number, end: number): number {
    const { bytes, offsets } = this.strings
    const mask = this.slots.length - 1
    // FNV-1a, then a finalizer: its low bits alone would cluster.
    let hash = 0x811c9dc5
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193)
    hash ^= hash >>> 15
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const candidate = this.slots[slot]!
      if (candidate < 0) return slot
      const from = offsets[candidate]!
      if (offsets[candidate + 1]! - from !== end - start) continue
      let at = 0
      while (start + at < end && bytes[from + at] === source[start + at]) at++
      if (start + at === end) return slot
    }
  }
}
