// Moving rows of a matrix in file layout into groups of 8 interleaved rows. Rows beyond the last are zero.

/** For each group: word j of row r goes to word j * 8 + r. `words` 32-bit words per row. */
// @ts-ignore: decorator
@inline
export function interleaveWords(out: usize, input: usize, rows: i32, words: i32): void {
  const rowBytes = <usize>words << 2
  for (let first = 0; first < rows; first += 8) {
    for (let r = 0; r < 8; r++) {
      let to = out + (<usize>r << 2)
      if (first + r < rows) {
        for (let j = 0; j < words; j++) {
          store<u32>(to, load<u32>(input))
          input += 4
          to += 32
        }
      } else {
        for (let j = 0; j < words; j++) {
          store<u32>(to, 0)
          to += 32
        }
      }
    }
    out += rowBytes << 3
  }
}
