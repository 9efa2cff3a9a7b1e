import { softcapped } from '../inline/softcapped'

/** x = cap * tanh(x / cap) for `n` floats, cap > 0: all magnitudes end below `cap`, small ones hardly change. */
export function softcap(x: usize, n: i32, cap: f32): void {
  softcapped(x, n, cap, cap)
}
