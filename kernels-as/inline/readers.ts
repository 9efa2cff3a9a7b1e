// Rows that read cells of one chunk, u32[4] each: where its queries are, and where its result goes, in bytes from what all
// readers of a call count from; how many cells of the call lie before the first that it sees, and how many it sees.

// @ts-ignore: decorator
@inline export const READER_BYTES: usize = 16

// @ts-ignore: decorator
@inline
export function readerQuery(reader: usize): usize {
  return load<u32>(reader)
}

// @ts-ignore: decorator
@inline
export function readerState(reader: usize): usize {
  return load<u32>(reader, 4)
}

// @ts-ignore: decorator
@inline
export function readerFrom(reader: usize): usize {
  return load<u32>(reader, 8)
}

// @ts-ignore: decorator
@inline
export function readerCount(reader: usize): i32 {
  return load<i32>(reader, 12)
}

/** How many of the readers from `reader` to `end`, at most four, can be taken together: none sees much more than another. */
// @ts-ignore: decorator
@inline
export function alikeReaders(reader: usize, end: usize): i32 {
  const from = readerFrom(reader)
  let count = readerCount(reader)
  let alike = 1
  for (let next = reader + READER_BYTES; alike < 4 && next < end; next += READER_BYTES) {
    const more = readerCount(next) - count
    if (readerFrom(next) != from || more < 0 || more > 1) break
    count += more
    alike++
  }
  return alike
}
