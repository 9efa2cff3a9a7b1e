import { sumWords } from '../inline/lanes'

/**
 * The wrapping sum of `bytes` / 4 words: reads memory as fast as one thread can. It walks `strands` (1, 4, 8 or 16)
 * equal parts side by side, since prefetchers work per stream; `bytes` is a multiple of 128 for each.
 */
export function read_sum(at: usize, bytes: usize, strands: i32): i32 {
  const stride = bytes / <usize>strands
  const end = at + stride
  let sum = i32x4.splat(0)
  if (strands == 1) for (; at < end; at += 128) sum = i32x4.add(sum, twoLines(at))
  else if (strands == 4) for (; at < end; at += 128) sum = i32x4.add(sum, fourStrands(at, stride))
  else if (strands == 8) {
    for (; at < end; at += 128) {
      sum = i32x4.add(sum, i32x4.add(fourStrands(at, stride), fourStrands(at + 4 * stride, stride)))
    }
  } else {
    for (; at < end; at += 128) {
      const low = i32x4.add(fourStrands(at, stride), fourStrands(at + 4 * stride, stride))
      const high = i32x4.add(fourStrands(at + 8 * stride, stride), fourStrands(at + 12 * stride, stride))
      sum = i32x4.add(sum, i32x4.add(low, high))
    }
  }
  return sumWords(sum)
}

// @ts-ignore: decorator
@inline
function fourStrands(at: usize, stride: usize): v128 {
  const two = at + 2 * stride
  return i32x4.add(
    i32x4.add(twoLines(at), twoLines(at + stride)), i32x4.add(twoLines(two), twoLines(two + stride)),
  )
}

/** The sums of 128 bytes, lane by lane. */
// @ts-ignore: decorator
@inline
function twoLines(at: usize): v128 {
  const a = i32x4.add(i32x4.add(v128.load(at), v128.load(at, 64)), i32x4.add(v128.load(at, 16), v128.load(at, 80)))
  const b = i32x4.add(i32x4.add(v128.load(at, 32), v128.load(at, 96)), i32x4.add(v128.load(at, 48), v128.load(at, 112)))
  return i32x4.add(a, b)
}
