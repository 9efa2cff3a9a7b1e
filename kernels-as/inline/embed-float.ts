import { same } from './constants'
import { BF16, columnBytes, columnsAt, F16, F32, floatGroupBytes } from './float-weights'
import { fileValue, rowFactor } from './row-factors'

/** Row `row` of a repacked float matrix -> f32[k], the values of the file. */
// @ts-ignore: decorator
@inline
export function embedFloat<T>(out: usize, w: usize, row: i32, k: i32): void {
  const group = w + <usize>(row >> 3) * floatGroupBytes<T>(k)
  const column = columnBytes<T>()
  const end = group + floatGroupBytes<T>(k)
  const factor: f32 = same<T, F16>() ? rowFactor(group, <usize>(row & 7)) : 0
  for (let at = group + columnsAt<T>(k) + <usize>(row & 7) * (column >> 3); at < end; at += column) {
    if (same<T, F32>()) store<u32>(out, load<u32>(at))
    if (same<T, BF16>()) store<u32>(out, <u32>load<u16>(at) << 16)
    if (same<T, F16>()) store<f32>(out, fileValue(load<u16>(at), factor))
    out += 4
  }
}
