import { kind } from './constants'
import { columnsAt, floatGroupBytes } from './float-weights'
import { rowFactor } from './row-factors'

/** Row `row` of a repacked float matrix -> f32[k], the values of the file. */
// @ts-ignore: decorator
@inline
export function embedFloat<T>(out: usize, w: usize, row: i32, k: i32): void {
  const group = w + <usize>(row >> 3) * floatGroupBytes<T>(k)
  const column = kind<T>().columnBytes()
  const end = group + floatGroupBytes<T>(k)
  const factor: f32 = kind<T>().hasFactors() ? rowFactor(group, <usize>(row & 7)) : 0
  for (let at = group + columnsAt<T>(k) + <usize>(row & 7) * (column >> 3); at < end; at += column) {
    store<f32>(out, kind<T>().value(at, factor))
    out += 4
  }
}
