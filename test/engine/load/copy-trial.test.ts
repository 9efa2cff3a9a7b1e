import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fastestCopy } from '../../../engine/load/copy-trial.ts'

/** A copy as the trial is to see it: the time of its products, turn after turn, the last one from then on. */
interface Scripted {
  readonly name: string
  readonly casesMs?: number
  readonly productMs: readonly number[]
}

/** The name of the copy that is taken, and the order in which copies were called. */
function choose(scripts: readonly Scripted[]): { chosen: string | undefined; calls: string } {
  let nowMs = 0
  let calls = ''
  const copies = scripts.map(({ name, casesMs = 1, productMs }) => {
    let turn = 0
    const multiply = () => {
      calls += name
      nowMs += productMs[Math.min(turn++, productMs.length - 1)]!
    }
    return { name, casesMs, multiply }
  })
  const chosen = fastestCopy(copies, () => nowMs)
  return { chosen: chosen?.name, calls }
}

test('the copy that is faster in memory is taken, wherever it stands and whatever it did with the cases', () => {
  const [slow, fast] = [
    { name: 's', casesMs: 1, productMs: [12] },
    { name: 'f', casesMs: 2, productMs: [9] },
  ]
  assert.is(choose([slow, fast, slow]).chosen, 'f')
  assert.is(choose([fast, slow, slow]).chosen, 'f')
})

test('a copy that may not be used is neither taken nor called', () => {
  const wrong = { name: 'w', casesMs: Number.POSITIVE_INFINITY, productMs: [1] }
  const right = { name: 'r', productMs: [10] }
  const { chosen, calls } = choose([wrong, right, wrong])
  assert.is(chosen, 'r')
  assert.match(calls, /^r+$/)
  assert.is(choose([wrong]).chosen, undefined)
})

test('of copies that are as fast, the first is kept', () => {
  const same = (name: string) => ({ name, productMs: [10] })
  assert.is(choose([same('a'), same('b'), same('c')]).chosen, 'a')
})

test('a single slow or fast call decides nothing: copies take turns, and the median counts', () => {
  const { chosen, calls } = choose([
    { name: 'a', productMs: [1, 12] },
    { name: 'b', productMs: [90, 10] },
  ])
  assert.is(chosen, 'b')
  assert.match(calls, /^(ab)+$/)
})

test.run()
