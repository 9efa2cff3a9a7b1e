// Policy `auto` on emulated hardware, by a virtual clock: it finds what is best by itself, and does so again when what it
// believes is wrong or the drafter changes.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compare } from '../../../bench/pipeline/compare.ts'
import { EIGHT_STAGES, type PipelineSetting } from '../../../bench/pipeline/setting.ts'
import { runVirtual } from '../../../bench/pipeline/virtual-run.ts'
import { describeAuto } from '../../../engine/speculation/auto/describe-auto.ts'
import { type CostPriors, StepCosts } from '../../../engine/speculation/auto/step-costs.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'

const TOKENS = 1000
/** One stage of all cores, where every row costs. */
const ONE_STAGE = { ...EIGHT_STAGES, stages: 1, hopMs: 0, rowsMax: 8, stageMs: (rows: number) => 20 + 10 * rows }

const run = (setting: PipelineSetting, costs?: StepCosts) =>
  runVirtual(setting, resolveDraft('auto', {}), TOKENS, costs && { costs })

test('one stage, a drafter that takes no time of its own: near the best, whatever it is', () => {
  for (const accuracy of [0, 0.3, 0.6, 0.8, 0.9]) {
    const setting = { ...ONE_STAGE, draftMs: 0, accuracy }
    const { plain, sync, pipe } = compare(setting, TOKENS)
    const { tokS, auto } = run(setting)
    assert.ok(tokS >= 0.95 * Math.max(plain, sync, pipe), `${accuracy}: ${tokS}, ${describeAuto(auto!)}`)
  }
})

test('a drafter that claims less than it is worth: as deep as with one that is sure', () => {
  for (const claim of [0.15, 0.3, 0.6]) {
    for (const draftMs of [0, 3]) {
      const setting = { ...ONE_STAGE, stageMs: (rows: number) => 20 + 5 * rows, draftMs, accuracy: 0.9, claim }
      const { plain, sync, pipe } = compare(setting, TOKENS)
      const { tokS, auto } = run(setting)
      const best = Math.max(plain, sync, pipe)
      assert.ok(tokS >= 0.88 * best, `claims ${claim}, ${draftMs} ms: ${tokS} of ${best}, ${describeAuto(auto!)}`)
    }
  }
})

/** What is wrong with what it believes at first. */
const WRONG: Readonly<Record<string, CostPriors>> = {
  'steps take no time': { latencyUs: 1, serviceUs: { 1: 1 } },
  'steps take a thousand times as long': { latencyUs: 88_000_000, serviceUs: { 1: 10_000_000 } },
  'rows are free': { serviceUs: { 1: 10_000, 8: 10_001 } },
  'rows are dear': { serviceUs: { 1: 10_000, 2: 1_000_000, 4: 9_000_000 } },
  'drafts are free': { latencyUs: 88_000, serviceUs: { 1: 10_000 }, draftUs: 1 },
  'drafts are dear': { latencyUs: 88_000, serviceUs: { 1: 10_000 }, draftUs: 100_000_000 },
}

for (const [name, priors] of Object.entries(WRONG)) {
  test(`fed wrong costs, ${name}: recovers`, () => {
    for (const hardware of [EIGHT_STAGES, ONE_STAGE]) {
      for (const accuracy of [0, 0.9]) {
        const setting = { ...hardware, draftMs: 3, accuracy }
        const right = run(setting).tokS
        const { tokS, auto } = run(setting, new StepCosts(hardware.stages, priors))
        const where = `${hardware.stages} stages, right ${accuracy}: ${tokS}, with measured costs ${right}`
        assert.ok(tokS >= 0.8 * right, `${where}; ${describeAuto(auto!)}`)
      }
    }
  })
}

test('says why', () => {
  const { auto, tokS } = run({ ...EIGHT_STAGES, draftMs: 12, accuracy: 0.8 })
  assert.is(auto!.policy, 'pipe')
  assert.ok(Math.abs(auto!.acceptance - 0.8) < 0.1)
  assert.ok(Math.abs(auto!.draftMs - 12) < 0.1)
  assert.ok(Math.abs(auto!.rowsMs[0]! - 10) < 0.1)
  const forecast = auto!.forecasts.find(({ policy }) => policy === 'pipe')!
  assert.ok(Math.abs(forecast.tokS / tokS - 1) < 0.15, `${forecast.tokS}, in fact ${tokS}`)
  assert.match(
    describeAuto(auto!),
    /^auto: pipe \d \(predicted .* measured .*\) of off .*, sync .*, pipe .*; right 0\.\d/,
  )
})

test.run()
