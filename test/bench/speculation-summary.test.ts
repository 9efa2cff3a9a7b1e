import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GROUPS, groupOf } from '../../bench/speculation-cases.ts'
import { type Sample, summaries } from '../../bench/speculation-summary.ts'

const run = (name: string, round: number, tokS: number, more: Partial<Sample> = {}): Sample => ({
  ...{ series: 's', name, round, tokS, drafted: 0, accepted: 0, tokensPerRun: 1, why: null },
  ...more,
})

test('speeds are medians, ratios those of the same round', () => {
  const rows = summaries([
    ...[run('one, plain', 0, 10), run('one, sync', 0, 20), run('one, auto', 0, 18)],
    // A round in which the machine was slow.
    ...[run('one, plain', 1, 5), run('one, sync', 1, 10), run('one, auto', 1, 9)],
    ...[run('one, plain', 2, 11), run('one, sync', 2, 21), run('one, auto', 2, 20)],
  ])
  assert.equal(
    rows.map(({ name, rounds, tokSMedian, tokSMin, tokSMax }) => [name, rounds, tokSMedian, tokSMin, tokSMax]),
    [
      ['one, plain', 3, 10, 5, 11],
      ['one, sync', 3, 20, 10, 21],
      ['one, auto', 3, 18, 9, 20],
    ],
  )
  assert.equal(
    rows.map(({ ofFirst }) => ofFirst),
    [1, 2, 1.8],
  )
  assert.equal(
    rows.map(({ ofBest }) => ofBest),
    [0.5, 1, 0.9],
  )
})

test('the best is that of the same plan, and not one that chose by itself', () => {
  const [, two, auto] = summaries([run('one, plain', 0, 100), run('two, pipe', 0, 10), run('two, auto', 0, 12)])
  assert.is(two!.ofBest, 1)
  assert.is(auto!.ofBest, 1.2)
})

test('acceptance is that of all runs together; unknown where nothing was drafted', () => {
  const drafts = (round: number, drafted: number, accepted: number) => run('a, sync', round, 1, { drafted, accepted })
  assert.is(summaries([drafts(0, 10, 9), drafts(1, 30, 1)])[0]!.acceptance, 0.25)
  assert.ok(Number.isNaN(summaries([run('a, plain', 0, 1)])[0]!.acceptance))
})

test('every group compares with plain decoding on all cores, without a drafter in memory', () => {
  for (const group of GROUPS) {
    const { cases } = groupOf(group, { target: 't', draft: 'd', wrong: 'w' })
    assert.equal(cases[0], { name: 'one stage, plain', setup: { stages: 1 }, speculation: 'off' })
    assert.is(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.ok(cases.some(({ speculation }) => speculation === 'auto'))
  }
})

test.run()
