/** Row `row` of a repacked f32 matrix -> f32[k]. */
export function embed_row_f32(out: usize, w: usize, row: i32, k: i32): void {
  let from = w + ((<usize>(row >> 3) * <usize>k) << 5) + (<usize>(row & 7) << 2)
  const end = out + (<usize>k << 2)
  for (; out < end; out += 4) {
    store<f32>(out, load<f32>(from))
    from += 32
  }
}
