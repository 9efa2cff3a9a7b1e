/** out += x * factor for `n` floats. */
export function add_scaled(out: usize, x: usize, n: i32, factor: f32): void {
  const whole = out + (<usize>(n & ~3) << 2)
  const end = out + (<usize>n << 2)
  const factors = f32x4.splat(factor)
  for (; out < whole; out += 16) {
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(v128.load(x), factors)))
    x += 16
  }
  for (; out < end; out += 4) {
    store<f32>(out, load<f32>(out) + load<f32>(x) * factor)
    x += 4
  }
}
