import { stateBytes } from '../inline/attention'
import { paddedElements } from '../inline/cells'
import { exp } from '../inline/exp'

/**
 * The results of `chunks` chunks in the order of positions (inline/attention.ts, each of `heads` heads, overwritten) ->
 * f32[heads][headDim]: the weighted sums of all positions over the sum of all weights.
 */
export function merge_attention(out: usize, states: usize, chunks: i32, heads: i32, headDim: i32): void {
  const elements = paddedElements(headDim)
  const chunkBytes = <usize>heads * stateBytes(headDim)
  for (let h = 0; h < heads; h++) {
    for (let i = 1; i < chunks; i++) merge(states, states + <usize>i * chunkBytes, elements << 2)
    divide(out, states, load<f32>(states + (elements << 2), 4), headDim)
    out += <usize>headDim << 2
    states += stateBytes(headDim)
  }
}

// @ts-ignore: decorator
@inline const LN_2: f32 = 0.693147181

/** Adds a chunk to those before it, both rescaled to the larger maximum, of scores times log2(e). */
// @ts-ignore: decorator
@inline
function merge(all: usize, chunk: usize, valueBytes: usize): void {
  const before = load<f32>(all + valueBytes)
  const after = load<f32>(chunk + valueBytes)
  // A NaN maximum must survive, hence not `>`.
  const both = before <= after ? after : before
  const factors = exp(f32x4.replace_lane(f32x4.splat((before - both) * LN_2), 1, (after - both) * LN_2))
  const old = f32x4.splat(f32x4.extract_lane(factors, 0))
  const fresh = f32x4.splat(f32x4.extract_lane(factors, 1))
  store<f32>(all + valueBytes, both)
  const sum = load<f32>(all + valueBytes, 4) * f32x4.extract_lane(old, 0)
  store<f32>(all + valueBytes, sum + load<f32>(chunk + valueBytes, 4) * f32x4.extract_lane(fresh, 0), 4)
  for (let d: usize = 0; d < valueBytes; d += 16) {
    const kept = f32x4.mul(v128.load(all + d), old)
    v128.store(all + d, f32x4.add(kept, f32x4.mul(v128.load(chunk + d), fresh)))
  }
}

// @ts-ignore: decorator
@inline
function divide(out: usize, x: usize, divisor: f32, n: i32): void {
  const end = out + (<usize>n << 2)
  for (; out + 16 <= end; out += 16) {
    v128.store(out, f32x4.div(v128.load(x), f32x4.splat(divisor)))
    x += 16
  }
  for (; out < end; out += 4) {
    store<f32>(out, load<f32>(x) / divisor)
    x += 4
  }
}
