// The policies on emulated hardware, by a virtual clock: what speculation must be worth, in ratios.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ablate, ablateCutoff, COSTLY_ROWS } from '../../../bench/pipeline/ablations.ts'
import { boundTokS, cycleTimes } from '../../../bench/pipeline/bound.ts'
import { compare, eager } from '../../../bench/pipeline/compare.ts'
import { EIGHT_STAGES, latencyMs, type PipelineSetting } from '../../../bench/pipeline/setting.ts'
import { runVirtual } from '../../../bench/pipeline/virtual-run.ts'

const TOKENS = 600
const setting = (draftMs: number, accuracy: number, more: Partial<PipelineSetting> = {}): PipelineSetting => ({
  ...EIGHT_STAGES,
  draftMs,
  accuracy,
  ...more,
})

test('the cycle model', () => {
  assert.is(latencyMs(setting(12, 0)), 88)
  assert.is(cycleTimes(setting(12, 0), 1)[1], 88)
  assert.is(cycleTimes(setting(12, 0), 5)[5], 88 + 4 * 12)
  assert.is(cycleTimes(setting(10, 0, { rowsMax: 1 }), 20)[20], 88 + 19 * 10)
  // 250 micro-batches of four rows.
  assert.is(cycleTimes(setting(3, 0), 1000)[1000], 88 + 999 * 3)
  assert.is(cycleTimes(setting(0.1, 0), 1000)[1000], 88 + 249 * 10)
  // A row that costs as much as the first is best sent alone; a free one with the first.
  assert.is(cycleTimes(setting(0, 0, { stageMs: (rows) => 10 * rows }), 3)[3], 88 + 2 * 10)
  assert.is(cycleTimes(setting(0, 0, { stages: 1 }), 4)[4], 11)
  // Nobody waits for a drafter that is slower than the pipeline.
  assert.is(cycleTimes(setting(100, 0), 3)[3], 3 * 88)
})

test('a bound counts the guesses that were drawn', () => {
  assert.ok(Math.abs(boundTokS(setting(12, 0), 500) * 88 - 1000) < 1e-9)
  // All of 500 tokens in one cycle, whose first latency is before the clock starts.
  assert.ok(Math.abs(boundTokS(setting(12, 1), 500) * 12 - 1000) < 1e-9)
  const [half, most] = [boundTokS(setting(12, 0.5), 500), boundTokS(setting(12, 0.9), 500)]
  assert.ok(half > 1000 / 88 && most > half)
})

test('plain decoding takes one latency per token', () => {
  const { tokS, utilisation } = runVirtual(setting(12, 0), undefined, 50)
  assert.ok(Math.abs(tokS * 88 - 1000) < 1e-6)
  assert.ok(Math.abs(utilisation - 10 / 88) < 0.005, 'one stage of eight at a time')
})

for (const draftMs of [3, 12, 40]) {
  test(`a drafter of ${draftMs} ms: pipe stays near its bound and below nobody`, () => {
    for (const accuracy of [0, 0.3, 0.6, 0.8, 0.95]) {
      const { plain, sync, pipe, auto, bound } = compare(setting(draftMs, accuracy), TOKENS)
      const where = `right ${accuracy}: plain ${plain}, sync ${sync}, pipe ${pipe}, auto ${auto}, bound ${bound}`
      assert.ok(pipe >= 0.9 * bound, where)
      assert.ok(pipe >= 0.97 * Math.max(plain, sync), where)
      assert.ok(auto >= 0.97 * Math.max(plain, sync, pipe), where)
      if (draftMs === 12 && accuracy === 0.8) assert.ok(pipe >= 1.35 * sync, where)
    }
  })
}

test('the headline: one row per micro-batch, a drafter as fast as a stage, right 19 times of 20', () => {
  const { sync, pipe } = compare(setting(10, 0.95, { rowsMax: 1 }), 4000)
  assert.ok(pipe >= 2.15 * sync, `${pipe / sync}`)
})

test('slow links cost pipe the share of its speed that the cycle model says, and less than sync where the drafter is slow', () => {
  for (const [draftMs, accuracy] of [
    [3, 0.6],
    [12, 0.8],
    [40, 0.8],
  ] as const) {
    const at = (hopMs: number) => compare(setting(draftMs, accuracy, { hopMs }), TOKENS)
    const [fast, slow] = [at(0), at(16)]
    const kept = (policy: 'sync' | 'pipe' | 'bound') => slow[policy] / fast[policy]
    assert.ok(kept('pipe') > 0.98 * kept('bound'), `${draftMs} ms: ${kept('pipe')}, bound ${kept('bound')}`)
    assert.ok(slow.pipe > slow.sync)
    if (draftMs === 40) assert.ok(kept('pipe') > kept('sync'), `${kept('pipe')}, ${kept('sync')}`)
  }
})

test('recovery trades speed for fewer wasted rows', () => {
  const run = (pRecovery: number) =>
    runVirtual(setting(3, 0.6), { ...eager('pipe', 4), pMin: 32768, pRecovery: Math.round(pRecovery * 65536) }, TOKENS)
  const [free, held] = [run(0), run(0.2)]
  assert.ok(held.drafts.drafted < free.drafts.drafted)
  assert.ok(held.drafts.accepted / held.drafts.drafted > free.drafts.accepted / free.drafts.drafted)
})

test('cancellation and drafting on while drafts are in flight are each worth something', () => {
  const seldom = ablate(setting(3, 0.3), TOKENS)
  assert.ok(seldom.whole > 1.02 * seldom.withoutCancellation, JSON.stringify(seldom))
  const often = ablate(setting(3, 0.8), TOKENS)
  assert.ok(often.whole > 1.2 * often.withoutContinuation, JSON.stringify(often))
})

test("PipeInfer's own rules cost speed where most guesses are right", () => {
  const { whole, singleToken, reDrafting } = ablate(setting(12, 0.95), TOKENS)
  assert.ok(singleToken < whole && singleToken > 0.9 * whole, `${singleToken} of ${whole}`)
  assert.ok(reDrafting < 0.8 * whole, `${reDrafting} of ${whole}`)
})

test('where rows cost, a cutoff saves them and loses little', () => {
  const { none, 'p-min 0.5': fixed } = ablateCutoff({ ...COSTLY_ROWS, draftMs: 3, accuracy: 0.6, spread: 0.5 }, TOKENS)
  assert.ok(fixed!.rowsPerAccepted < 0.3 * none!.rowsPerAccepted)
  assert.ok(fixed!.tokS > none!.tokS)
})

test.run()
