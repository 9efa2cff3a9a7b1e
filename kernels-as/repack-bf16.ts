/** `rows` rows of `k` bfloat16 -> groups (inline/float-weights.ts). */
export function repack_bf16(out: usize, input: usize, rows: i32, k: i32): void {
  const rowBytes = <usize>k << 1
  for (let first = 0; first < rows; first += 8) {
    for (let r = 0; r < 8; r++) {
      let to = out + (<usize>r << 1)
      for (let c: usize = 0; c < rowBytes; c += 2) {
        store<u16>(to, first + r < rows ? load<u16>(input + c) : 0)
        to += 16
      }
      input += rowBytes
    }
    out += rowBytes << 3
  }
}
