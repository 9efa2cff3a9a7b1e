import { loadPartial, storePartial } from './lanes'
import { tanh } from './tanh'

/** x = factor * tanh(x / cap) for `n` floats. */
// @ts-ignore: decorator
@inline
export function softcapped(x: usize, n: i32, cap: f32, factor: f32): void {
  const caps = f32x4.splat(cap)
  const factors = f32x4.splat(factor)
  const whole = x + (<usize>(n & ~3) << 2)
  for (; x < whole; x += 16) v128.store(x, f32x4.mul(factors, tanh(f32x4.div(v128.load(x), caps))))
  const rest = n & 3
  if (rest) storePartial(x, f32x4.mul(factors, tanh(f32x4.div(loadPartial(x, rest, 0), caps))), rest)
}
