import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { realExp, realLog, realPow } from '../../engine/real-math.ts'

const view = new DataView(new ArrayBuffer(8))

/** Floats as consecutive integers, so that a difference counts units in the last place. */
function ordinal(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits
}

function assertClose(actual: number, expected: number, what: string): void {
  if (Object.is(actual, expected)) return
  const ulps = Math.abs(Number(ordinal(actual) - ordinal(expected)))
  // One for us and one for the engine's own Math.
  assert.ok(ulps <= 2, `${what}: ${actual} is ${ulps} ulp from ${expected}`)
}

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true })

test('exp, log and pow agree with Math to the last bits', () => {
  fc.assert(
    fc.property(real(-745, 710), (x) => assertClose(realExp(x), Math.exp(x), `exp(${x})`)),
    { numRuns: 5000 },
  )
  fc.assert(
    fc.property(real(5e-324, Number.MAX_VALUE), (x) => assertClose(realLog(x), Math.log(x), `log(${x})`)),
    { numRuns: 5000 },
  )
  fc.assert(
    fc.property(real(1e-12, 1e12), real(-40, 40), (x, y) => assertClose(realPow(x, y), x ** y, `${x}^${y}`)),
    { numRuns: 5000 },
  )
})

test('log is sharp around 1', () => {
  for (let i = 1; i < 60; i++) {
    for (const x of [1 + 2 ** -i, 1 - 2 ** -i]) assertClose(realLog(x), Math.log(x), `log(${x})`)
  }
})

test('ends of the ranges', () => {
  assert.is(realExp(0), 1)
  assert.is(realExp(-0), 1)
  assert.is(realExp(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
  assert.is(realExp(Number.NEGATIVE_INFINITY), 0)
  assert.is(realExp(709.79), Number.POSITIVE_INFINITY)
  assert.is(realExp(-745.13), 5e-324)
  assert.is(realExp(-746), 0)
  assert.ok(Number.isNaN(realExp(Number.NaN)))
  assert.is(realLog(1), 0)
  assert.is(realLog(0), Number.NEGATIVE_INFINITY)
  assert.is(realLog(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
  assert.ok(Number.isNaN(realLog(-1)) && Number.isNaN(realLog(Number.NaN)))
  assert.is(realPow(7, 0), 1)
  assert.is(realPow(2, 1023), 2 ** 1023)
  assert.is(realPow(2, 1024), Number.POSITIVE_INFINITY)
  assert.is(realPow(2, -1074), 5e-324)
  assert.is(realPow(2, -1080), 0)
  assert.is(realPow(10000, -0.5), 0.01)
  for (const [x, y] of [
    [0, 1],
    [-1, 2],
    [Number.POSITIVE_INFINITY, 1],
    [2, Number.NaN],
  ] as const) {
    assert.ok(Number.isNaN(realPow(x, y)), `${x}^${y}`)
  }
})

test('the bits are the same on every engine', () => {
  let hash = 0
  for (let i = 0; i < 20000; i++) {
    const x = (i - 10000) * 0.0703
    for (const value of [realExp(x), realLog(x * x + 1e-9), realPow(1.0001 + i, x / 80)]) {
      view.setFloat64(0, value)
      hash = (Math.imul(hash ^ view.getInt32(0), 0x01000193) ^ view.getInt32(4)) | 0
    }
  }
  assert.is(hash, -276388150)
})

test.run()
