// Reading four interleaved float weights as f32x4. Float matrices are stored in groups of 8 rows, column by column:
// column c of a group holds the weight of row 0, row 1, .. row 7 in the file's own type.

/** Storage types of a float weight matrix; always passed as a constant, so that only one branch is compiled. */
// @ts-ignore: decorator
@inline export const F32: i32 = 0
// @ts-ignore: decorator
@inline export const F16: i32 = 1
/** Half floats where some are infinite or NaN: decoded in full. */
// @ts-ignore: decorator
@inline export const F16_EXACT: i32 = 2
// @ts-ignore: decorator
@inline export const BF16: i32 = 3

/** log2 of the bytes of one column of a group. */
// @ts-ignore: decorator
@inline
export function columnShift(type: i32): i32 {
  return type == F32 ? 5 : 4
}

/** Rows 0..3 of the column at `column`. */
// @ts-ignore: decorator
@inline
export function strandA(type: i32, column: usize): v128 {
  if (type == F32) return v128.load(column)
  return widen(type, v128.load16x4_s(column))
}

/** Rows 4..7 of the column at `column`. */
// @ts-ignore: decorator
@inline
export function strandB(type: i32, column: usize): v128 {
  if (type == F32) return v128.load(column, 16)
  return widen(type, v128.load16x4_s(column, 8))
}

/** Four sign-extended 16-bit patterns as f32x4. */
// @ts-ignore: decorator
@inline
export function widen(type: i32, halves: v128): v128 {
  if (type == BF16) return i32x4.shl(halves, 16)
  if (type == F16_EXACT) return halfToFloatExact(halves)
  return halfToFloat(halves)
}

/**
 * Four sign-extended half floats as f32x4; right for zeros, subnormals and normals. The five exponent bits are moved
 * into the eight of an f32 and a product by 2^112 corrects the bias. Infinity and NaN come out finite: use it only
 * where they cannot occur.
 */
// @ts-ignore: decorator
@inline
export function halfToFloat(halves: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(halves, 13), i32x4.splat(0x8fffe000)), i32x4.splat(0x77800000))
}

/** The same for every half float: what came out at 65536 or above had the largest exponent and gets that of an f32. */
// @ts-ignore: decorator
@inline
export function halfToFloatExact(halves: v128): v128 {
  const finite = halfToFloat(halves)
  const special = f32x4.ge(f32x4.abs(finite), f32x4.splat(65536))
  return v128.or(finite, v128.and(special, i32x4.splat(0x7f800000)))
}

/** One half float as f32. */
// @ts-ignore: decorator
@inline
export function halfToFloatScalar(half: u16): f32 {
  return f32x4.extract_lane(halfToFloatExact(i32x4.splat(<i32>(<i16>half))), 0)
}
