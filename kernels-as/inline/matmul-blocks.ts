// The product of a quantized weight matrix with `q8` rows. Each output is one f32 sum over the blocks in order, of
// (integer product) * (weight scale * activation scale), whatever the number of rows in the call.
//
// Eight groups are walked side by side, block after block, each block times up to four rows. Groups lie kilobytes apart,
// so the weights arrive as several streams: WebAssembly has no prefetch instruction, one stream leaves the processor
// waiting at each new page, and by the time the walk comes back to a stream the hardware has prefetched its next block.
// The sums lie in memory between blocks, where they cost little beside the products of a block.
import { addByQuads } from './block-by-quads'
import { addByRows } from './block-by-rows'
import { blocksAt, groupBytes, superHeadBytes } from './block-weights'
import { C0, C1, C2, C3, C4, kind } from './constants'
import { GROUP_STATE_BYTES, keepFactors, keepSupers, sumAt } from './group-state'
import { HALF_MASK, held } from './half'
import { oneRow } from './matmul-one-row'
import { Q8_BLOCK_BYTES, secondHalf } from './q8'

/** Groups of a span. */
// @ts-ignore: decorator
@inline export const SPAN: i32 = 8

/** T: the weights' type. `scratch`: SPAN * GROUP_STATE_BYTES that no other thread uses. */
// @ts-ignore: decorator
@inline
export function matmulBlocks<T>(
  out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32, groupEnd: i32, k: i32, n: i32,
  scratch: usize,
): void {
  const bytes = groupBytes<T>(k)
  for (let g = groupBegin; g < groupEnd; g += SPAN) {
    const groups = min(SPAN, groupEnd - g)
    const group = w + <usize>g * bytes
    let o = out + (<usize>g << 5)
    let row = x
    let rows = n
    for (; rows >= 4; rows -= 4) {
      span<T, C4>(o, outStride, group, bytes, groups, row, xStride, k, scratch)
      o += outStride << 2
      row += xStride << 2
    }
    if (rows == 3) span<T, C3>(o, outStride, group, bytes, groups, row, xStride, k, scratch)
    else if (rows == 2) span<T, C2>(o, outStride, group, bytes, groups, row, xStride, k, scratch)
    else if (rows == 1 && groups == SPAN) oneRow<T>(o, group, bytes, row, k, scratch)
    else if (rows == 1) span<T, C1>(o, outStride, group, bytes, groups, row, xStride, k, scratch)
  }
}

/** `groups` groups times N rows. */
function span<T, N>(
  out: usize, outStride: usize, group: usize, bytes: usize, groups: i32, x: usize, xStride: usize, k: i32,
  scratch: usize,
): void {
  const low = held(kind<T>().codes().low(), scratch)
  const high = held(kind<T>().codes().high(), scratch)
  const table = held(kind<T>().codes().table(), scratch)
  const ones = held(i32x4.splat(0x00010001), scratch)
  const mask = held(i32x4.splat(HALF_MASK), scratch)
  const end = scratch + <usize>groups * GROUP_STATE_BYTES
  let head = group
  for (let state = scratch; state < end; state += GROUP_STATE_BYTES) {
    memory.fill(state, 0, 32 * offsetof<N>())
    if (kind<T>().hasFactors()) keepFactors(state, head)
    head += bytes
  }
  const second = secondHalf(k)
  const blocks = k >> 5
  let w = group + blocksAt<T>(k)
  for (let b = 0; b < blocks; b++) {
    if (kind<T>().isSuper() && (b & 7) == 0) {
      head = w
      for (let state = scratch; state < end; state += GROUP_STATE_BYTES) {
        keepSupers<T>(state, head)
        head += bytes
      }
      w += superHeadBytes<T>()
    }
    let block = w
    for (let state = scratch; state < end; state += GROUP_STATE_BYTES) {
      if (DOT_ADD) addByQuads<T, N>(state, block, x, xStride, second, b, low, high, table, ones, mask)
      else addByRows<T, N>(state, block, x, xStride, second, b, low, high, table, ones, mask)
      block += bytes
    }
    x += Q8_BLOCK_BYTES
    w += kind<T>().bytes()
  }
  for (let state = scratch; state < end; state += GROUP_STATE_BYTES) {
    put<C0>(out, outStride, state)
    if (offsetof<N>() > 1) put<C1>(out, outStride, state)
    if (offsetof<N>() > 2) put<C2>(out, outStride, state)
    if (offsetof<N>() > 3) put<C3>(out, outStride, state)
    out += 32
  }
}

/** Writes a group's outputs of row R. */
// @ts-ignore: decorator
@inline
function put<R>(out: usize, outStride: usize, state: usize): void {
  const at = out + offsetof<R>() * outStride
  v128.store(at, v128.load(state, sumAt<R, C0>()))
  v128.store(at, v128.load(state, sumAt<R, C1>()), 16)
}
