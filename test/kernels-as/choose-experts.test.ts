// Which experts a row goes through, and with what weight.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertNear, onAllBuilds, randomFloats, seeded } from './harness.ts'

interface Choice {
  readonly ids: readonly number[]
  readonly weights: readonly number[]
}

function choose(scores: ArrayLike<number>, used: number, normalized: boolean): Choice {
  const bytes = onAllBuilds((kernels, arena) => {
    const [ids, weights] = [arena.take(used * 4), arena.take(used * 4)]
    const at = arena.put(Float32Array.from(scores))
    kernels.choose_experts(ids, weights, at, scores.length, used, normalized ? 1 : 0)
    const out = new Float32Array(used * 2)
    out.set(Array.from(new Int32Array(arena.bytes(ids, used * 4).buffer)))
    out.set(arena.floats(weights, used), used)
    return out
  })
  return { ids: Array.from(bytes.subarray(0, used)), weights: Array.from(bytes.subarray(used)) }
}

function expected(scores: ArrayLike<number>, used: number, normalized: boolean): Choice {
  const shares = Array.from(scores, Math.exp)
  const all = shares.reduce((sum, share) => sum + share, 0)
  const ids = [...shares.keys()].sort((a, b) => shares[b]! - shares[a]! || a - b).slice(0, used)
  const total = normalized ? ids.reduce((sum, id) => sum + shares[id]!, 0) : all
  return { ids, weights: ids.map((id) => shares[id]! / total) }
}

test('the best experts and their shares', () => {
  const random = seeded(5)
  for (const [count, used] of [
    [1, 1],
    [4, 1],
    [8, 2],
    [60, 4],
    [128, 8],
    [5, 5],
  ] as const) {
    for (const normalized of [true, false]) {
      const scores = randomFloats(random, count, 4)
      const found = choose(scores, used, normalized)
      const wanted = expected(scores, used, normalized)
      assert.equal(found.ids, wanted.ids)
      assertNear(found.weights, wanted.weights, 2e-6, `${used} of ${count}`)
    }
  }
})

test('equal scores go by number', () => {
  assert.equal(choose([1, 3, 3, 1, 3], 4, true).ids, [1, 2, 4, 0])
  assert.equal(choose(new Float32Array(6), 6, false).ids, [0, 1, 2, 3, 4, 5])
})

test('scores that differ by more than e^x can hold', () => {
  const { ids, weights } = choose([-200, 0, 300, 100], 2, true)
  assert.equal(ids, [2, 3])
  assertNear(weights, [1, 0], 1e-7, 'weights')
})

test('NaN scores choose experts there are, and weigh NaN', () => {
  for (const scores of [
    [Number.NaN, 1, 2],
    [Number.NaN, Number.NaN, Number.NaN],
  ]) {
    const { ids, weights } = choose(scores, 2, true)
    assert.ok(ids.every((id) => id >= 0 && id < 3))
    assert.ok(weights.every(Number.isNaN))
  }
})

test.run()
