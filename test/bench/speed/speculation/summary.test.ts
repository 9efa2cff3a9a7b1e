import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GROUPS, groupOf, TWO_STAGES_PLAIN, WHOLE } from '../../../../bench/speed/speculation/cases.ts'
import { goalNotes } from '../../../../bench/speed/speculation/goals.ts'
import { type Sample, summaries } from '../../../../bench/speed/speculation/summary.ts'

const run = (name: string, round: number, tokS: number, more: Partial<Sample> = {}): Sample => ({
  ...{ series: 's', name, round, tokS, drafted: 0, accepted: 0, tokensPerRun: 1, why: null, kernels: 'relaxed' },
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
    const { cases } = groupOf(group, { draft: 'd', wrong: 'w' })
    assert.equal(cases[0], { name: 'one stage, plain', setup: { stages: 1 }, speculation: 'off' })
    assert.is(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.ok(cases.some(({ speculation }) => speculation === 'auto'))
  }
})

test('the whole measurement has every group, and both plain plans at every temperature of the draft model', () => {
  for (const group of GROUPS) assert.ok(WHOLE.some((series) => series.group === group && series.temperature === 0))
  const { cases } = groupOf('draft', { draft: 'd', wrong: 'w' })
  assert.ok(cases.some(({ name }) => name === TWO_STAGES_PLAIN))
})

test('goals are told with what was measured', () => {
  const rows = summaries([
    ...[run('one stage, plain', 0, 30), run('two stages, plain', 0, 20), run('two stages and drafter, plain', 0, 19)],
    ...[run('two stages and drafter, pipe', 0, 25), run('two stages and drafter, auto', 0, 23)],
  ])
  assert.equal(goalNotes([{ group: 'draft', temperature: 0, rows }]), [
    "- draft, temperature 0: two stages and drafter, auto, of its plan's best: 0.92, asked 0.95: not met",
    '- draft, temperature 0: pipe of two stages, of plain ones: 1.25, asked 1.2: met',
    '- draft, temperature 0: the better auto, of plain on all cores (Node 26): 0.77, asked 1.2: not met',
  ])
  assert.is(goalNotes([{ group: 'draft', temperature: 0.8, rows }]).length, 1)
  const repetitive = summaries([run('one stage, plain', 0, 30), run('one stage, pipe', 0, 36)])
  assert.equal(goalNotes([{ group: 'repetitive', temperature: 0, rows: repetitive }]), [
    '- repetitive, temperature 0: the best policy, of plain on all cores: 1.20, asked 1.15: met',
  ])
})

test.run()
