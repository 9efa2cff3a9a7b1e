import { C0, same } from './constants'
import { exp } from './exp'
import { loadPartial, storePartial } from './lanes'
import { tanh } from './tanh'

/** What a gate goes through, as types: see constants.ts. */
export { C0 as Silu, C1 as Gelu } from './constants'

/** sqrt(2 / pi) */
// @ts-ignore: decorator
@inline const SLOPE: f32 = 0.7978845608028654
// @ts-ignore: decorator
@inline const CUBIC: f32 = 0.044715

/** out = A(gate) * up for `n` floats, A being Silu or Gelu; `out` may be `gate` or `up`. */
// @ts-ignore: decorator
@inline
export function gateRow<A>(out: usize, gate: usize, up: usize, n: i32): void {
  const whole = out + (<usize>(n & ~3) << 2)
  for (; out < whole; out += 16) {
    v128.store(out, f32x4.mul(activated<A>(v128.load(gate)), v128.load(up)))
    gate += 16
    up += 16
  }
  const rest = n & 3
  if (rest) storePartial(out, f32x4.mul(activated<A>(loadPartial(gate, rest, 0)), loadPartial(up, rest, 0)), rest)
}

/** silu(g) = g / (1 + e^-g), gelu(g) = g / 2 * (1 + tanh(sqrt(2 / pi) * (g + 0.044715 g^3))). */
// @ts-ignore: decorator
@inline
function activated<A>(g: v128): v128 {
  const one = f32x4.splat(1)
  if (same<A, C0>()) return f32x4.div(g, f32x4.add(one, exp(f32x4.neg(g))))
  const bent = f32x4.add(one, f32x4.mul(f32x4.mul(f32x4.splat(CUBIC), g), g))
  const inner = f32x4.mul(f32x4.mul(f32x4.splat(SLOPE), g), bent)
  return f32x4.mul(f32x4.mul(f32x4.splat(0.5), g), f32x4.add(one, tanh(inner)))
}
