// What `auto` makes of forecasts that do not come true.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Autopilot } from '../../../../engine/speculation/auto/autopilot.ts'
import { StepCosts } from '../../../../engine/speculation/auto/step-costs.ts'

const CONDITIONS = { rowsMax: 8, decodingCount: 1 }
const STEP_US = 20_000

test('a policy that was slow at a start is not written off', () => {
  // Rows so dear that nothing is drafted.
  const costs = new StepCosts(1, { serviceUs: { 1: STEP_US, 2: 10 * STEP_US } })
  const pilot = new Autopilot(costs, 8, CONDITIONS)
  assert.is(pilot.arm.policy, 'off')
  for (let token = 0; token < 25; token++) {
    const returnedUs = token * 10 * STEP_US
    pilot.judge({ submittedUs: returnedUs - 10 * STEP_US, returnedUs, tokens: token, accepted: 0 }, CONDITIONS)
  }
  const next = new Autopilot(costs, 8, CONDITIONS, pilot)
  for (const { forecasts } of [pilot.report(CONDITIONS), next.report(CONDITIONS)]) {
    const { tokS } = forecasts.find(({ policy }) => policy === 'off')!
    assert.ok(tokS < 1e6 / STEP_US && tokS > 0.6 * (1e6 / STEP_US), `${tokS}`)
  }
})

test.run()
