/** out += x for `n` floats. */
export function add(out: usize, x: usize, n: i32): void {
  const whole = out + (<usize>(n & ~3) << 2)
  const end = out + (<usize>n << 2)
  for (; out < whole; out += 16) {
    v128.store(out, f32x4.add(v128.load(out), v128.load(x)))
    x += 16
  }
  for (; out < end; out += 4) {
    store<f32>(out, load<f32>(out) + load<f32>(x))
    x += 4
  }
}
