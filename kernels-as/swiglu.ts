import { exp } from './inline/exp'
import { loadPartial, storePartial } from './inline/lanes'

/** out = silu(gate) * up for `n` floats, silu(g) = g / (1 + e^-g); `out` may be `gate` or `up`. */
export function swiglu(out: usize, gate: usize, up: usize, n: i32): void {
  const whole = out + (<usize>(n & ~3) << 2)
  for (; out < whole; out += 16) {
    v128.store(out, gated(v128.load(gate), v128.load(up)))
    gate += 16
    up += 16
  }
  const rest = n & 3
  if (rest) storePartial(out, gated(loadPartial(gate, rest, 0), loadPartial(up, rest, 0)), rest)
}

// @ts-ignore: decorator
@inline
function gated(g: v128, u: v128): v128 {
  return f32x4.mul(f32x4.div(g, f32x4.add(f32x4.splat(1), exp(f32x4.neg(g)))), u)
}
