/**
 * Reads one byte of each cache line of [at, to) that lies before `end`. WebAssembly has no prefetch instruction, and a
 * product does so much between two lines of weights that too few of their loads are in flight to hide the memory's
 * latency; reading the lines of the next kilobytes in one go keeps as many in flight as the processor can.
 */
// @ts-ignore: decorator
@inline
export function touch(at: usize, to: usize, end: usize): void {
  const stop = to < end ? to : end
  if (at >= stop) return
  let left = stop - at
  for (; left >= 256; left -= 256) {
    load<u8>(at)
    load<u8>(at, 64)
    load<u8>(at, 128)
    load<u8>(at, 192)
    at += 256
  }
  for (; at < stop; at += 64) load<u8>(at)
}
