/**
 * out = x / sqrt(mean(x^2) + eps) * weight, for `n` rows of `k` floats; `out` may be `x`. The squares are summed in
 * f64: column c in accumulator c mod 4, the accumulators then as (0 + 2) + (1 + 3).
 */
export function rmsnorm(
  out: usize, x: usize, weight: usize, k: i32, n: i32, outStride: usize, xStride: usize, eps: f32,
): void {
  for (let i = 0; i < n; i++) {
    const scale = <f32>(1 / sqrt<f64>(sumOfSquares(x, k) / <f64>k + <f64>eps))
    const scales = f32x4.splat(scale)
    let c: usize = 0
    const whole = <usize>(k & ~3) << 2
    for (; c < whole; c += 16) {
      v128.store(out + c, f32x4.mul(f32x4.mul(v128.load(x + c), scales), v128.load(weight + c)))
    }
    for (; c < <usize>k << 2; c += 4) {
      store<f32>(out + c, load<f32>(x + c) * scale * load<f32>(weight + c))
    }
    out += outStride
    x += xStride
  }
}

// @ts-ignore: decorator
@inline
function sumOfSquares(x: usize, k: i32): f64 {
  let even = f64x2.splat(0)
  let odd = f64x2.splat(0)
  const whole = x + (<usize>(k & ~3) << 2)
  const end = x + (<usize>k << 2)
  for (; x < whole; x += 16) {
    const v = v128.load(x)
    const low = f64x2.promote_low_f32x4(v)
    const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1))
    even = f64x2.add(even, f64x2.mul(low, low))
    odd = f64x2.add(odd, f64x2.mul(high, high))
  }
  const sums = f64x2.add(even, odd)
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
  for (; x < end; x += 4) {
    const v = <f64>load<f32>(x)
    sum += v * v
  }
  return sum
}
