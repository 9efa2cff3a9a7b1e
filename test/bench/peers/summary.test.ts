import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Generated } from '../../../bench/peers/protocol.ts'
import { contextOf, idleShare, type Measurements, peerRows, testsOf } from '../../../bench/peers/summary.ts'

const generated = (arrivalsMs: number[], ids = arrivalsMs.map((_, i) => i)): Generated => ({
  kind: 'generated',
  generations: [{ ids, arrivalsMs }],
  ...{ idleMs: 100, idleCpuMs: 1, peakBytes: 1e6 },
})

const measurements = (engine: string, loadsMs: number[], rounds: Record<string, Generated[]>): Measurements => ({
  ...{ engine, loadsMs },
  rounds: new Map(Object.entries(rounds)),
})

test('what is measured, from the lengths', () => {
  const tests = testsOf([128, 512], 64, [1, 4000])
  assert.equal(
    tests.map(({ name, prompt, tokens }) => [name, prompt, tokens]),
    [
      ['pp128', 128, 1],
      ['pp512', 512, 1],
      ['tg64', 1, 65],
      ['tg64@4000', 4000, 65],
    ],
  )
  assert.is(contextOf(tests), 4065)
})

test('rows: medians, bests, ratios of the first engine over the others', () => {
  const ours = measurements('ours', [100, 200, 400], {
    pp10: [generated([100]), generated([50]), generated([200])],
    tg2: [generated([5, 15, 35], [1, 2, 3])],
  })
  const theirs = measurements('theirs', [100], { pp10: [generated([200])], tg2: [generated([5, 25, 45], [1, 2, 9])] })
  const [prompt, decode, load] = peerRows('m', 1e6, testsOf([10], 2, [1]), [ours, theirs])
  assert.is(prompt!['ours.median'], 100)
  assert.is(prompt!['ours.best'], 200)
  assert.ok(Math.abs((prompt!['ours.mean'] as number) - 30 / 0.35) < 1e-9)
  assert.equal([prompt!['theirs.ratioOfMedians'], prompt!['theirs.ratioOfBests']], [2, 4])
  assert.is(prompt!['ours.ratioOfMedians'], undefined)
  assert.equal([decode!.test, decode!['ours.median'], decode!['theirs.median']], ['tg2', 1000 / 15, 50])
  assert.is(decode!.equalIds, 2)
  assert.equal([load!.test, load!.unit, load!['ours.median'], load!['theirs.median']], ['load', 'MB/s', 5, 10])
})

test('idle share of all rounds together', () => {
  const rounds = { a: [generated([1]), { ...generated([1]), idleMs: 300, idleCpuMs: 39 }] }
  assert.is(idleShare(measurements('x', [1], rounds)), 0.1)
})

test.run()
