import { same } from './constants'
import { BF16, columnBytes, F16, F32, floatGroupBytes } from './float-weights'
import { halfToFloatScalar } from './half'

/** Row `row` of a repacked float matrix -> f32[k], the values of the file. */
// @ts-ignore: decorator
@inline
export function embedFloat<T>(out: usize, w: usize, row: i32, k: i32): void {
  const group = w + <usize>(row >> 3) * floatGroupBytes<T>(k)
  const column = columnBytes<T>()
  const inColumn = <usize>(row & 7) * (column >> 3)
  const end = group + <usize>k * column
  const factor = same<T, F16>() ? reinterpret<f32>(<u32>load<u16>(end + inColumn) << 16) : 0
  for (let at = group + inColumn; at < end; at += column) {
    if (same<T, F32>()) store<u32>(out, load<u32>(at))
    if (same<T, BF16>()) store<u32>(out, <u32>load<u16>(at) << 16)
    if (same<T, F16>()) {
      const half = load<u16>(at)
      const scaled = reinterpret<f32>(<u32>(((<i32>(<i16>half)) << 13) & 0x8fffe000)) * factor
      store<f32>(out, factor == factor ? scaled : halfToFloatScalar(half))
    }
    out += 4
  }
}
