import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GumbelNoise } from '../../../engine/sampling/noise.ts'

const uniform = (seed: number, choice: number, position: number, token: number): number => {
  const noise = new GumbelNoise(seed, choice)
  noise.setPosition(position)
  return noise.uniform(token)
}

test('a pure function of its four inputs', () => {
  assert.is(uniform(1, 2, 3, 4), uniform(1, 2, 3, 4))
  const noise = new GumbelNoise(1, 2)
  noise.setPosition(9)
  noise.uniform(4)
  noise.setPosition(3)
  assert.is(noise.uniform(4), uniform(1, 2, 3, 4))
})

test('values are stable across releases, since seeds are reported to users', () => {
  const values = [uniform(0, 0, 0, 0), uniform(42, 0, 17, 403), uniform(0xffffffff, 3, 4095, 127_999)]
  assert.equal(values, [0.2182230359141738, 0.9168134884892595, 0.9297845681674134])
})

test('the bound is above the noise, and close to it where the noise is high', () => {
  const noise = new GumbelNoise(5, 0)
  let highest = 0
  for (let position = 0; position < 20; position++) {
    noise.setPosition(position)
    for (let token = 0; token < 20_000; token++) {
      const [sample, bound] = [noise.of(token), noise.bound(token)]
      assert.ok(sample < bound, `${sample} of token ${token} at ${position} is above ${bound}`)
      if (sample < 8) continue
      assert.ok(bound < sample + 1, `${bound} is far above ${sample}`)
      highest = Math.max(highest, sample)
    }
  }
  assert.ok(highest > 11, 'no noise was high')
})

/** Axis `axis` takes the values 0..n-1, the others are fixed. */
function along(axis: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => {
    const inputs = [11, 1, 25, 300]
    inputs[axis] = i
    return uniform(inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]!)
  })
}

test('uniform along every input: inside (0, 1), even, neighbours unrelated', () => {
  const n = 40_000
  for (let axis = 0; axis < 4; axis++) {
    const values = along(axis, n)
    assert.ok(values.every((u) => u > 0 && u < 1))
    const bins = new Float64Array(100)
    const pairs = new Float64Array(100)
    for (let i = 0; i < n; i++) {
      bins[Math.floor(values[i]! * 100)]!++
      if (i > 0) pairs[Math.floor(values[i]! * 10) * 10 + Math.floor(values[i - 1]! * 10)]!++
    }
    for (const counts of [bins, pairs]) {
      const chiSquare = counts.reduce((sum, count) => sum + (count - n / 100) ** 2 / (n / 100), 0)
      // 99 degrees of freedom: five standard deviations.
      assert.ok(chiSquare < 99 + 5 * Math.sqrt(198), `axis ${axis}: ${chiSquare}`)
    }
    assert.is(new Set(values).size, n)
  }
})

test('the low bits are random too', () => {
  const values = along(3, 40_000)
  const ones = values.reduce((sum, u) => sum + (Math.floor(u * 2 ** 52) % 2), 0)
  assert.ok(Math.abs(ones - 20_000) < 500)
})

test('two positions, choices or seeds share no order of tokens', () => {
  for (const [a, b] of [
    [uniform.bind(null, 1, 0, 5), uniform.bind(null, 1, 0, 6)],
    [uniform.bind(null, 1, 0, 5), uniform.bind(null, 1, 1, 5)],
    [uniform.bind(null, 1, 0, 5), uniform.bind(null, 2, 0, 5)],
    [uniform.bind(null, 1, 0, 5), uniform.bind(null, 1, 5, 0)],
  ] as const) {
    let covariance = 0
    for (let token = 0; token < 20_000; token++) covariance += (a(token) - 0.5) * (b(token) - 0.5)
    // Independent uniforms: standard deviation of the sum is sqrt(n) / 12.
    assert.ok(Math.abs(covariance) < (5 * Math.sqrt(20_000)) / 12, String(covariance))
  }
})

test('Gumbel: mean 0.5772, variance pi^2 / 6', () => {
  const noise = new GumbelNoise(3, 0)
  const n = 100_000
  let sum = 0
  let squares = 0
  for (let position = 0; position < n; position++) {
    noise.setPosition(position)
    const g = noise.of(7)
    sum += g
    squares += g * g
  }
  const mean = sum / n
  assert.ok(Math.abs(mean - 0.5772) < 0.02, String(mean))
  assert.ok(Math.abs(squares / n - mean * mean - Math.PI ** 2 / 6) < 0.05)
})

test.run()
