// File blocks -> the places of their row in a group (block-weights.ts).
import { blocksAt, blocksOfFile, groupBytes, superHeadBytes } from './block-weights'
import { kind } from './constants'
import { startRow } from './row-factors'

/** `rows` rows of `k` elements -> groups of 8, the rows missing in the last one zero. */
// @ts-ignore: decorator
@inline
export function repackBlocks<T>(out: usize, input: usize, rows: i32, k: i32): void {
  const bytes = groupBytes<T>(k)
  const perFileBlock = superHeadBytes<T>() + blocksOfFile<T>() * kind<T>().bytes()
  for (let first = 0; first < rows; first += 8) {
    if (first + 8 > rows) memory.fill(out, 0, bytes)
    for (let r: usize = 0; r < <usize>min(8, rows - first); r++) {
      const power: f32 = kind<T>().hasFactors() ? startRow(out, r, largestExponent<T>(input, k)) : 0
      for (let to = out + blocksAt<T>(k); to < out + bytes; to += perFileBlock) {
        kind<T>().repack(to, input, r, power)
        input += kind<T>().fileBytes()
      }
    }
    out += bytes
  }
}

/** Of the half floats of a row of blocks with scales of their own. */
// @ts-ignore: decorator
@inline
function largestExponent<T>(row: usize, k: i32): u32 {
  let largest: u32 = 0x0400
  for (let b = 0; b < k >> 5; b++) {
    largest = kind<T>().largestExponent(largest, row)
    row += kind<T>().fileBytes()
  }
  return largest
}
