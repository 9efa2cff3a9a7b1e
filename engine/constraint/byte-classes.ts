// Bytes that a grammar never tells apart are one class: what follows them is worked out once. Pure.
import type { Grammar } from './grammar.ts'

export interface ByteClasses {
  /** Class by byte. */
  readonly of: Uint8Array
  readonly count: number
}

/** A class is a range of bytes that no edge begins or ends inside of. */
export function byteClasses({ states }: Grammar): ByteClasses {
  const begins = new Uint8Array(257)
  for (const state of states) {
    if (state.kind !== 'bytes') continue
    for (const [low, high] of state.edges) {
      begins[low] = 1
      begins[high + 1] = 1
    }
  }
  const of = new Uint8Array(256)
  for (let byte = 1; byte < 256; byte++) of[byte] = of[byte - 1]! + begins[byte]!
  return { of, count: of[255]! + 1 }
}
