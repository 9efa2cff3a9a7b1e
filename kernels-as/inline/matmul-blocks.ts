// The product of a quantized weight matrix with `q8` rows. Each output is one f32 sum over the blocks in order, of
// (integer product) * (weight scale * activation scale), whatever the number of rows in the call.
import {
  blockBytes, blockDot, blocksPerSuper, floatMinima, floatScales, hasMinima, integerScales, Q4_K, superBytes, superTail,
} from './block-weights'
import { HALF_FACTOR, HALF_MASK, hidden } from './half'
import { Q8_BLOCK_BYTES, scaledSum, scaleOf } from './q8'

/** `exact`: also right for scales that are subnormal, infinite or NaN. */
// @ts-ignore: decorator
@inline
export function matmulBlocks(
  type: i32, exact: bool, out: usize, w: usize, x: usize, outStride: usize, xStride: usize, groupBegin: i32,
  groupEnd: i32, k: i32, n: i32,
): void {
  const supers = k / (32 * blocksPerSuper(type))
  const groupBytes = <usize>supers * superBytes(type)
  const end = w + <usize>groupEnd * groupBytes
  const nibbles = hidden(0x0f0f0f0f, n >> 31)
  const mask = hidden(HALF_MASK, n >> 31)
  const factor = hidden(HALF_FACTOR, n >> 31)
  for (let g = groupBegin; g < groupEnd; g++) {
    const group = w + <usize>g * groupBytes
    let o = out + (<usize>g << 5)
    let xi = x
    let i = 0
    for (; i + 4 <= n; i += 4) {
      tile(type, exact, 4, o, outStride, group, end, xi, xStride, supers, nibbles, mask, factor)
      o += outStride << 2
      xi += xStride << 2
    }
    if (i + 2 <= n) {
      tile(type, exact, 2, o, outStride, group, end, xi, xStride, supers, nibbles, mask, factor)
      o += outStride << 1
      xi += xStride << 1
      i += 2
    }
    if (i < n) tile(type, exact, 1, o, outStride, group, end, xi, xStride, supers, nibbles, mask, factor)
  }
}

/** 8 weight rows x `n` (1, 2 or 4, a constant) activation rows. `end`: of the weights this call reads. */
// @ts-ignore: decorator
@inline
function tile(
  type: i32, exact: bool, n: i32, out: usize, outStride: usize, w: usize, end: usize, x0: usize, xStride: usize,
  supers: i32, nibbles: v128, mask: v128, factor: v128,
): void {
  let a0 = f32x4.splat(0), b0 = a0, a1 = a0, b1 = a0, a2 = a0, b2 = a0, a3 = a0, b3 = a0
  for (let s = 0; s < supers; s++) {
    const tail = w + superTail(type)
    const isSuper = blocksPerSuper(type) > 1
    const da = isSuper ? floatScales(type, true, tail, 0, mask, factor) : mask
    const db = isSuper ? floatScales(type, true, tail, 1, mask, factor) : mask
    const ma = hasMinima(type) ? floatMinima(tail, 0) : mask
    const mb = hasMinima(type) ? floatMinima(tail, 1) : mask
    for (let b = 0; b < blocksPerSuper(type); b++) {
      const sa = isSuper ? blockScales(type, da, w, 0) : floatScales(type, exact, w, 0, mask, factor)
      const sb = isSuper ? blockScales(type, db, w, 1) : floatScales(type, exact, w, 1, mask, factor)
      const na = hasMinima(type) ? f32x4.mul(ma, integerScales(w + 136, 0)) : mask
      const nb = hasMinima(type) ? f32x4.mul(mb, integerScales(w + 136, 1)) : mask
      a0 = addBlock(type, a0, w, 0, x0, sa, na, nibbles)
      b0 = addBlock(type, b0, w, 1, x0, sb, nb, nibbles)
      if (n > 1) {
        const x1 = x0 + xStride
        a1 = addBlock(type, a1, w, 0, x1, sa, na, nibbles)
        b1 = addBlock(type, b1, w, 1, x1, sb, nb, nibbles)
      }
      if (n > 2) {
        const x2 = x0 + 2 * xStride
        const x3 = x0 + 3 * xStride
        a2 = addBlock(type, a2, w, 0, x2, sa, na, nibbles)
        b2 = addBlock(type, b2, w, 1, x2, sb, nb, nibbles)
        a3 = addBlock(type, a3, w, 0, x3, sa, na, nibbles)
        b3 = addBlock(type, b3, w, 1, x3, sb, nb, nibbles)
      }
      x0 += Q8_BLOCK_BYTES
      w += blockBytes(type)
    }
    w += superBytes(type) - superTail(type)
  }
  v128.store(out, a0)
  v128.store(out, b0, 16)
  if (n > 1) {
    v128.store(out + outStride, a1)
    v128.store(out + outStride, b1, 16)
  }
  if (n > 2) {
    v128.store(out + 2 * outStride, a2)
    v128.store(out + 2 * outStride, b2, 16)
    v128.store(out + 3 * outStride, a3)
    v128.store(out + 3 * outStride, b3, 16)
  }
}

/** A block's scales where the super-block's are `d`. */
// @ts-ignore: decorator
@inline
function blockScales(type: i32, d: v128, w: usize, strand: usize): v128 {
  return type == Q4_K ? f32x4.mul(d, integerScales(w + 128, strand)) : d
}

/** sum + the product of one block. */
// @ts-ignore: decorator
@inline
function addBlock(
  type: i32, sum: v128, w: usize, strand: usize, x: usize, scales: v128, minima: v128, nibbles: v128,
): v128 {
  const product = f32x4.convert_i32x4_s(blockDot(type, w, strand, x, nibbles))
  const added = f32x4.add(sum, f32x4.mul(product, f32x4.mul(scales, scaleOf(x))))
  return hasMinima(type) ? f32x4.sub(added, f32x4.mul(minima, scaledSum(x))) : added
}
