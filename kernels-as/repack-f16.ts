import { floatToHalf, halfToFloatExact, halfToFloatScalar } from './inline/half'

/** `rows` rows of `k` half floats -> groups (inline/float-weights.ts). Always 0. */
export function repack_f16(out: usize, input: usize, rows: i32, k: i32): i32 {
  const rowBytes = <usize>k << 1
  for (let first = 0; first < rows; first += 8) {
    for (let r = 0; r < 8; r++) {
      const to = out + (<usize>r << 1)
      if (first + r < rows) {
        repackRow(to, input, k)
        input += rowBytes
      } else {
        clearRow(to, k)
      }
    }
    out += (<usize>k << 4) + 16
  }
  return 0
}

/** Spreads a row over the columns of its group, scaled so that the largest exponent becomes 30, the largest there is. */
function repackRow(to: usize, from: usize, k: i32): void {
  let largest: u32 = 0x0400
  for (let c = 0; c < k; c++) largest = max(largest, load<u16>(from + (<usize>c << 1)) & 0x7c00)
  const special = largest == 0x7c00
  const shift: u32 = special ? 0 : 30 - (largest >> 10)
  const power = reinterpret<f32>((127 + shift) << 23)
  let left = k
  for (; left >= 4; left -= 4) {
    const halves = v128.load64_zero(from)
    const values = halfToFloatExact(i32x4.extend_low_i16x8_s(halves))
    const scaled = special ? halves : floatToHalf(f32x4.mul(values, f32x4.splat(power)))
    v128.store16_lane(to, scaled, 0)
    v128.store16_lane(to, scaled, 1, 16)
    v128.store16_lane(to, scaled, 2, 32)
    v128.store16_lane(to, scaled, 3, 48)
    from += 8
    to += 64
  }
  for (; left > 0; left--) {
    const half = load<u16>(from)
    const scaled = floatToHalf(f32x4.splat(halfToFloatScalar(half) * power))
    store<u16>(to, special ? half : <u16>i16x8.extract_lane_u(scaled, 0))
    from += 2
    to += 16
  }
  // 2^(112 - shift), or NaN.
  store<u16>(to, special ? 0x7fc0 : <u16>((239 - shift) << 7))
}

function clearRow(to: usize, k: i32): void {
  for (let c = 0; c <= k; c++) store<u16>(to + (<usize>c << 4), 0)
}
