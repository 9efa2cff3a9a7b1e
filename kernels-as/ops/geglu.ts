import { gateRow, Gelu } from '../inline/gate'

/** out = gelu(gate) * up for `n` floats; `out` may be `gate` or `up`. */
export function geglu(out: usize, gate: usize, up: usize, n: i32): void {
  gateRow<Gelu>(out, gate, up, n)
}
