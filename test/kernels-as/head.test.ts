// head_scan and logsumexp.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSameFloats, onAllBuilds, randomFloats, seeded } from './harness.ts'

const random = seeded(5)

function scan(logits: Float32Array, count: number) {
  const words = onAllBuilds((kernels, arena) => {
    const [ids, best] = [arena.take(count * 4), arena.take(count * 4)]
    const nans = kernels.head_scan(ids, best, arena.put(logits), logits.length, count)
    const idWords = new Int32Array(arena.bytes(ids, count * 4).buffer)
    return Int32Array.of(nans, ...idWords, ...new Int32Array(arena.bytes(best, count * 4).buffer))
  })
  const values = new Float32Array(words.buffer, 4 + count * 4, count)
  return { nans: words[0]!, ids: Array.from(words.subarray(1, 1 + count)), values }
}

function expectedIds(logits: Float32Array, count: number): number[] {
  const ids = Array.from(logits.keys()).filter((id) => !Number.isNaN(logits[id]!))
  ids.sort((a, b) => (logits[a] === logits[b] ? a - b : logits[b]! > logits[a]! ? 1 : -1))
  return Array.from({ length: count }, (_, i) => ids[i] ?? -1)
}

function checkScan(logits: Float32Array, count: number): void {
  const { nans, ids, values } = scan(logits, count)
  assert.equal(ids, expectedIds(logits, count), `${logits.length} logits, best ${count}`)
  const expected = ids.map((id) => (id === -1 ? Number.NEGATIVE_INFINITY : logits[id]!))
  assertSameFloats(values, expected, 'logits of the best')
  assert.is(nans, logits.filter(Number.isNaN).length)
}

test('head_scan finds the best of any number', () => {
  for (const n of [1, 2, 5, 63, 64, 65, 512, 3001]) {
    for (const count of [1, 2, 5, 64]) checkScan(randomFloats(random, n, 30), count)
  }
})

test('head_scan breaks ties by id and handles orders', () => {
  for (const count of [1, 7, 64]) {
    checkScan(
      Float32Array.from({ length: 777 }, () => Math.floor(random() * 5)),
      count,
    )
    checkScan(new Float32Array(300), count)
    checkScan(
      Float32Array.from({ length: 300 }, (_, i) => i),
      count,
    )
    checkScan(
      Float32Array.from({ length: 300 }, (_, i) => -i),
      count,
    )
    checkScan(
      Float32Array.from({ length: 30 }, (_, i) => (i % 2 ? 0 : -0)),
      count,
    )
  }
})

test('head_scan never chooses NaN, and counts them', () => {
  for (const count of [1, 3, 64]) {
    const logits = randomFloats(random, 1030)
    for (let i = 0; i < logits.length; i += 3) logits[i] = Number.NaN
    checkScan(logits, count)
    checkScan(new Float32Array(70).fill(Number.NaN), count)
    const few = new Float32Array(70).fill(Number.NaN)
    few[68] = Number.NEGATIVE_INFINITY
    few[5] = 2
    checkScan(few, count)
    checkScan(Float32Array.of(1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 4), count)
  }
})

const logsumexp = (logits: Float32Array): number =>
  onAllBuilds((kernels, arena) => Float64Array.of(kernels.logsumexp(arena.put(logits), logits.length)))[0]!

test('logsumexp agrees with float64', () => {
  for (const n of [1, 2, 3, 4, 5, 512, 3001]) {
    for (const amplitude of [1e-3, 1, 30, 1000]) {
      const logits = randomFloats(random, n, amplitude)
      const max = Math.max(...logits)
      const expected = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0))
      const error = Math.abs(logsumexp(logits) - expected)
      assert.ok(error <= 1e-7 * (1 + amplitude), `${n} logits up to ${amplitude}: error ${error}`)
    }
  }
})

test('logsumexp of extremes', () => {
  const low = Number.NEGATIVE_INFINITY
  assert.is(logsumexp(Float32Array.of(low, 3, low, low, low)), 3)
  assert.is(logsumexp(new Float32Array(4).fill(-1e30)), Math.fround(-1e30) + Math.log(4))
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    for (let at = 0; at < 6; at++) {
      const logits = new Float32Array(6)
      logits[at] = bad
      assert.ok(Number.isNaN(logsumexp(logits)), `${bad} at ${at}`)
    }
  }
})

test.run()
