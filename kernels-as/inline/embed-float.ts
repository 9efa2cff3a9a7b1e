import { BF16, columnBytes, F16, F32, floatGroupBytes } from './float-weights'
import { halfToFloatScalar } from './half'

/** Row `row` of a repacked float matrix -> f32[k], the values of the file. */
// @ts-ignore: decorator
@inline
export function embedFloat(type: i32, out: usize, w: usize, row: i32, k: i32): void {
  const group = w + <usize>(row >> 3) * floatGroupBytes(type, k)
  const column = columnBytes(type)
  const inColumn = <usize>(row & 7) * (column >> 3)
  const end = group + <usize>k * column
  const factor = type == F16 ? reinterpret<f32>(<u32>load<u16>(end + inColumn) << 16) : 0
  for (let at = group + inColumn; at < end; at += column) {
    if (type == F32) store<u32>(out, load<u32>(at))
    if (type == BF16) store<u32>(out, <u32>load<u16>(at) << 16)
    if (type == F16) {
      const half = load<u16>(at)
      const scaled = reinterpret<f32>(<u32>(((<i32>(<i16>half)) << 13) & 0x8fffe000)) * factor
      store<f32>(out, factor == factor ? scaled : halfToFloatScalar(half))
    }
    out += 4
  }
}
