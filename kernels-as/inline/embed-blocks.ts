import { blockBytes, groupBytes, hasSupers, Q4_0, Q4_K, Q6_K, Q8_0, superHeadBytes } from './block-weights'
import { same } from './constants'
import { halfToFloatScalar } from './half'

/** Row `row` of a repacked quantized matrix -> f32[k], with the operations and roundings of ggml's dequantization. */
// @ts-ignore: decorator
@inline
export function embedBlocks<T>(out: usize, w: usize, row: i32, k: i32): void {
  let at = w + <usize>(row >> 3) * groupBytes<T>(k)
  let head = at
  for (let b = 0; b < k >> 5; b++) {
    if (hasSupers<T>() && (b & 7) == 0) {
      head = at
      at += superHeadBytes<T>()
    }
    embedBlock<T>(out, at, head, <usize>(row & 7))
    at += blockBytes<T>()
    out += 128
  }
}

/** One block of 32 for row `r` of the group; `head`: the super-block's scales. */
// @ts-ignore: decorator
@inline
function embedBlock<T>(out: usize, w: usize, head: usize, r: usize): void {
  let scale = half((same<T, Q8_0>() ? w + 256 : same<T, Q4_0>() ? w + 128 : head) + 2 * r)
  let minimum: f32 = 0
  if (same<T, Q4_K>()) {
    minimum = half(head + 16 + 2 * r) * <f32>load<u8>(w + 136 + r)
    scale *= <f32>load<u8>(w + 128 + r)
  }
  for (let e: usize = 0; e < 32; e++) {
    const quad = e >> 2
    const at = w + 4 * r + (e & 3)
    let value: f32
    if (same<T, Q8_0>()) value = scale * <f32>load<i8>(at + 32 * quad)
    else {
      const vector = same<T, Q6_K>() ? quad >> 1 : quad & 3
      const isHigh = same<T, Q6_K>() ? quad & 1 : quad >> 2
      let code = (<u32>load<u8>(at + 32 * vector) >> (4 * <u32>isHigh)) & 15
      if (same<T, Q6_K>()) {
        const high = <u32>load<u8>(at + 128 + 32 * (quad >> 2)) >> (2 * (<u32>quad & 3))
        code |= (high & 3) << 4
        value = scale * <f32>load<i8>(w + 192 + 2 * r + (e >> 4)) * <f32>(<i32>code - 32)
      } else if (same<T, Q4_K>()) value = scale * <f32>code - minimum
      else value = scale * <f32>(<i32>code - 8)
    }
    store<f32>(out + 4 * e, value)
  }
}

// @ts-ignore: decorator
@inline
function half(at: usize): f32 {
  return halfToFloatScalar(load<u16>(at))
}
