import { elementBytes, load1, load4, rowAt } from './cells'
import { C0, C1, C2, C3, C4, C5, C6, C7 } from './constants'

/** out[d] += sum over i of weights[i] * row i of the list [d], rows of type T, in order of i; from 0 if `isFirst`. */
// @ts-ignore: decorator
@inline
export function weigh<T>(
  out: usize, isFirst: bool, weights: usize, base: usize, offsets: usize, rows: i32, headDim: i32,
  mask: v128, factor: v128,
): void {
  const end = out + (<usize>headDim << 2)
  if (isFirst) memory.fill(out, 0, <usize>headDim << 2)
  let column = base
  for (; out + 128 <= end; out += 128) {
    let s0 = v128.load(out), s1 = v128.load(out, 16), s2 = v128.load(out, 32), s3 = v128.load(out, 48)
    let s4 = v128.load(out, 64), s5 = v128.load(out, 80), s6 = v128.load(out, 96), s7 = v128.load(out, 112)
    for (let i = 0; i < rows; i++) {
      const w = v128.load32_splat(weights + (<usize>i << 2))
      const v = rowAt(column, offsets, i)
      s0 = f32x4.add(s0, f32x4.mul(w, load4<T, C0>(v, mask, factor)))
      s1 = f32x4.add(s1, f32x4.mul(w, load4<T, C1>(v, mask, factor)))
      s2 = f32x4.add(s2, f32x4.mul(w, load4<T, C2>(v, mask, factor)))
      s3 = f32x4.add(s3, f32x4.mul(w, load4<T, C3>(v, mask, factor)))
      s4 = f32x4.add(s4, f32x4.mul(w, load4<T, C4>(v, mask, factor)))
      s5 = f32x4.add(s5, f32x4.mul(w, load4<T, C5>(v, mask, factor)))
      s6 = f32x4.add(s6, f32x4.mul(w, load4<T, C6>(v, mask, factor)))
      s7 = f32x4.add(s7, f32x4.mul(w, load4<T, C7>(v, mask, factor)))
    }
    v128.store(out, s0)
    v128.store(out, s1, 16)
    v128.store(out, s2, 32)
    v128.store(out, s3, 48)
    v128.store(out, s4, 64)
    v128.store(out, s5, 80)
    v128.store(out, s6, 96)
    v128.store(out, s7, 112)
    column += elementBytes<T>(32)
  }
  for (; out + 32 <= end; out += 32) {
    let s0 = v128.load(out), s1 = v128.load(out, 16)
    for (let i = 0; i < rows; i++) {
      const w = v128.load32_splat(weights + (<usize>i << 2))
      const v = rowAt(column, offsets, i)
      s0 = f32x4.add(s0, f32x4.mul(w, load4<T, C0>(v, mask, factor)))
      s1 = f32x4.add(s1, f32x4.mul(w, load4<T, C1>(v, mask, factor)))
    }
    v128.store(out, s0)
    v128.store(out, s1, 16)
    column += elementBytes<T>(8)
  }
  for (; out < end; out += 4) {
    let s = load<f32>(out)
    for (let i = 0; i < rows; i++) {
      s += load<f32>(weights + (<usize>i << 2)) * load1<T>(rowAt(column, offsets, i))
    }
    store<f32>(out, s)
    column += elementBytes<T>(1)
  }
}
