/** Copies `n` floats into KV cells. Returns 1 if any of them is infinite or NaN, else 0. */
export function store_f32(out: usize, x: usize, n: i32): i32 {
  const whole = x + (<usize>(n & ~3) << 2)
  const end = x + (<usize>n << 2)
  let bad = i32x4.splat(0)
  let badTail = false
  for (; x < whole; x += 16) {
    const v = v128.load(x)
    bad = v128.or(bad, v128.not(f32x4.lt(f32x4.abs(v), f32x4.splat(Infinity))))
    v128.store(out, v)
    out += 16
  }
  for (; x < end; x += 4) {
    const v = load<f32>(x)
    badTail = badTail || !(abs(v) < Infinity)
    store<f32>(out, v)
    out += 4
  }
  return <i32>(v128.any_true(bad) || badTail)
}
