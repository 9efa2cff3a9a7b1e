import { blocksAt, groupBytes, superHeadBytes } from './block-weights'
import { kind } from './constants'
import { rowFactor } from './row-factors'

/** Row `row` of a repacked quantized matrix -> f32[k], with the operations and roundings of ggml's dequantization. */
// @ts-ignore: decorator
@inline
export function embedBlocks<T>(out: usize, w: usize, row: i32, k: i32): void {
  const r = <usize>(row & 7)
  const group = w + <usize>(row >> 3) * groupBytes<T>(k)
  const factor: f32 = kind<T>().hasFactors() ? rowFactor(group, r) : 0
  let at = group + blocksAt<T>(k)
  let head = at
  for (let b = 0; b < k >> 5; b++) {
    if (kind<T>().isSuper() && (b & 7) == 0) {
      head = at
      at += superHeadBytes<T>()
    }
    for (let part: usize = 0; part < 2; part++) {
      const scale = kind<T>().rowScale(at, head, r, part, b & 7, factor)
      const minimum: f32 = kind<T>().hasMinima() ? kind<T>().rowMinimum(at, head, r, part, factor) : 0
      for (let e: usize = 16 * part; e < 16 * part + 16; e++) {
        const value = scale * <f32>(kind<T>().codes().code(at, r, e) - kind<T>().above())
        store<f32>(out, kind<T>().hasMinima() ? value + minimum : value)
        out += 4
      }
    }
    at += kind<T>().bytes()
  }
}
