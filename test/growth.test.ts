import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertNearLinear } from './growth.ts'

let sum = 0
const spend = (steps: number): void => {
  for (let i = 0; i < steps; i++) sum = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d + i) | 0
}

test('growth: linear work is told from quadratic work', () => {
  assertNearLinear((size) => spend(size * 1000), 16_000, 'linear')
  let refused = ''
  try {
    assertNearLinear((size) => spend(size * size), 24_000, 'quadratic')
  } catch (error) {
    refused = (error as Error).message
  }
  assert.match(refused, /^quadratic: 8 times the size takes more than 24 times as long/)
})

test.run()
