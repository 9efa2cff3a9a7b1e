import { loadPartial, storePartial } from './inline/lanes'
import { tanh } from './inline/tanh'

/** sqrt(2 / pi) */
// @ts-ignore: decorator
@inline const SLOPE: f32 = 0.7978845608028654
// @ts-ignore: decorator
@inline const CUBIC: f32 = 0.044715

/**
 * out = gelu(gate) * up for `n` floats, gelu(g) = g / 2 * (1 + tanh(sqrt(2 / pi) * (g + 0.044715 g^3))); `out` may be
 * `gate` or `up`.
 */
export function geglu(out: usize, gate: usize, up: usize, n: i32): void {
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
  const one = f32x4.splat(1)
  const bent = f32x4.add(one, f32x4.mul(f32x4.mul(f32x4.splat(CUBIC), g), g))
  const inner = f32x4.mul(f32x4.mul(f32x4.splat(SLOPE), g), bent)
  return f32x4.mul(f32x4.mul(f32x4.mul(f32x4.splat(0.5), g), f32x4.add(one, tanh(inner))), u)
}
