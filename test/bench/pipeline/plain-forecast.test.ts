// What a run with guesses says plain decoding would have taken, against plain decoding itself, on a virtual clock.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EIGHT_STAGES, type PipelineSetting } from '../../../bench/pipeline/setting.ts'
import { runVirtual } from '../../../bench/pipeline/virtual-run.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'

const TOKENS = 400
const POLICIES = ['sync', 'pipe', 'auto'] as const

const settings = fc.record({
  stages: fc.integer({ min: 1, max: 8 }),
  rowMs: fc.double({ min: 0, max: 10, noNaN: true }),
  draftMs: fc.double({ min: 0, max: 20, noNaN: true }),
  accuracy: fc.double({ min: 0, max: 0.95, noNaN: true }),
  jitter: fc.constantFrom(0, 0.2),
})

test('speculation: the forecast of plain decoding is what plain decoding takes, with every policy', () => {
  let exact = 0
  fc.assert(
    fc.property(settings, fc.constantFrom(...POLICIES), ({ rowMs, ...rest }, policy) => {
      const setting: PipelineSetting = { ...EIGHT_STAGES, ...rest, stageMs: (rows) => 20 + rowMs * rows }
      const { tokS } = runVirtual(setting, undefined, TOKENS)
      const { plain } = runVirtual(setting, resolveDraft(policy, {}), TOKENS)
      assert.ok(plain, `${policy}: a step was seen`)
      const ratio = 1e6 / plain.us / tokS
      // A few steps of jitter are no mean.
      const off = 0.1 + (rest.jitter ?? 0)
      if (plain.isBound) assert.ok(ratio <= 1 + off, `${policy}: ${ratio}`)
      else {
        exact++
        assert.ok(Math.abs(ratio - 1) < off, `${policy}: ${ratio}, ${JSON.stringify({ ...rest, rowMs })}`)
      }
    }),
    { numRuns: 150 },
  )
  assert.ok(exact > 50, `only ${exact} runs had steps without guesses`)
})

test('speculation: plain decoding forecasts itself', () => {
  const setting: PipelineSetting = { ...EIGHT_STAGES, draftMs: 1, accuracy: 0 }
  const { tokS, plain } = runVirtual(setting, undefined, TOKENS)
  assert.ok(plain && !plain.isBound)
  assert.ok(Math.abs(1e6 / plain.us / tokS - 1) < 0.01)
})

test.run()
