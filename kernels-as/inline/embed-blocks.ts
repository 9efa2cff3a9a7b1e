import { blockBytes, blocksPerSuper, Q4_0, Q4_K, Q6_K, Q8_0, superBytes, superTail } from './block-weights'
import { halfToFloatScalar } from './half'

/** Row `row` of a repacked quantized matrix -> f32[k], with the operations and roundings of ggml's dequantization. */
// @ts-ignore: decorator
@inline
export function embedBlocks(type: i32, out: usize, w: usize, row: i32, k: i32): void {
  const supers = k / (32 * blocksPerSuper(type))
  const r = <usize>(row & 7)
  let at = w + <usize>(row >> 3) * <usize>supers * superBytes(type)
  for (let s = 0; s < supers; s++) {
    const tail = at + superTail(type)
    for (let b = 0; b < blocksPerSuper(type); b++) {
      embedBlock(type, out, at, tail, r)
      at += blockBytes(type)
      out += 128
    }
    at += superBytes(type) - superTail(type)
  }
}

/** One block of 32; `tail`: the super-block's scales. */
// @ts-ignore: decorator
@inline
function embedBlock(type: i32, out: usize, w: usize, tail: usize, r: usize): void {
  let scale = half((type == Q8_0 ? w + 256 : type == Q4_0 ? w + 128 : tail) + 2 * r)
  let minimum: f32 = 0
  if (type == Q4_K) {
    minimum = half(tail + 16 + 2 * r) * <f32>load<u8>(w + 136 + r)
    scale *= <f32>load<u8>(w + 128 + r)
  }
  for (let e: usize = 0; e < 32; e++) {
    const quad = e >> 2
    const at = w + 4 * r + (e & 3)
    let value: f32
    if (type == Q8_0) value = scale * <f32>load<i8>(at + 32 * quad)
    else {
      let code = (<u32>load<u8>(at + 32 * (quad & 3)) >> (quad < 4 ? 0 : 4)) & 15
      if (type == Q6_K) {
        const high = <u32>load<u8>(at + 128 + 32 * (quad >> 2)) >> (2 * (<u32>quad & 3))
        code |= (high & 3) << 4
        value = scale * <f32>load<i8>(w + 192 + 2 * r + (e >> 4)) * <f32>(<i32>code - 32)
      } else if (type == Q4_K) value = scale * <f32>code - minimum
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
