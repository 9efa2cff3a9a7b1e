import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertNearLinear } from './growth.ts'

let sum = 0
const spend = (steps: number): void => {
  for (let i = 0; i < steps; i++) sum = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d + i) | 0
}

test('growth: linear work is told from quadratic work', () => {
  assertNearLinear((size) => spend(size * 1000), 80_000, 'linear')
  assert.throws(
    () => assertNearLinear((size) => spend(size * size), 20_000, 'quadratic'),
    /quadratic: 8 times the size/,
  )
})

test.run()
