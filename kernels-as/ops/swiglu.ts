import { gateRow, Silu } from '../inline/gate'

/** out = silu(gate) * up for `n` floats; `out` may be `gate` or `up`. */
export function swiglu(out: usize, gate: usize, up: usize, n: i32): void {
  gateRow<Silu>(out, gate, up, n)
}
