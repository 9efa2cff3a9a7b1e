// What the conductor measures, on words that stand for lanes.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { figuresBetween, PipelineMeter } from '../../../engine/conductor/meter.ts'
import type { Submission } from '../../../engine/domain.ts'
import { busyUs, LaneBusy } from '../../../engine/pipeline/busy.ts'
import { controlLayout, createControl } from '../../../engine/pipeline/control.ts'
import type { Returned } from '../../../engine/pipeline/pipeline.ts'

/** Hours after the machine was started. */
const START_US = 3.7e11 + 0.25

function newMeter(stages: number, lanes: number) {
  const layout = controlLayout(stages)
  const control = createControl(layout)
  const meter = new PipelineMeter(control, layout, lanes, START_US)
  const lane = (stage: number, index: number) => new LaneBusy(control, layout.busy[stage]! + index)
  const readAt = (us: number) => {
    const reading = meter.newReading()
    meter.read(reading, START_US + us)
    return reading
  }
  return { meter, lane, readAt }
}

const RETURNED = { number: 0, stoppedUs: 0 } as unknown as Returned
const submission = (purpose: Submission['purpose']) => ({ purpose }) as Submission

const near = (found: number, wanted: number) => assert.ok(Math.abs(found - wanted) < 1e-3, `${found}, not ${wanted}`)

test('a lane counts its spans, and the one under way', () => {
  const words = new Int32Array(new SharedArrayBuffer(4))
  const busy = new LaneBusy(words, 0)
  const at = (us: number) => busyUs(words, 0, START_US + us)
  assert.is(at(0), 0)
  busy.begin(START_US + 100)
  assert.is(at(150), 50)
  busy.end(START_US + 300)
  assert.is(at(1000), 200)
  busy.begin(START_US + 1000)
  busy.end(START_US + 1001)
  assert.is(at(5000), 201)
})

test('shares of the time, also beyond the range of a word', () => {
  const { lane, readAt } = newMeter(2, 2)
  const lanes = [lane(0, 0), lane(0, 1), lane(1, 0), lane(1, 1)]
  const begun = readAt(0)
  // Both lanes of the first stage work three quarters of the time, one of the second half of it: for three hours.
  for (let minute = 0; minute < 180; minute += 10) {
    const us = START_US + minute * 60e6
    for (const one of lanes.slice(0, 3)) one.begin(us)
    lanes[2]!.end(us + 300e6)
    for (const one of lanes.slice(0, 2)) one.end(us + 450e6)
    readAt((minute + 10) * 60e6)
  }
  const { stageUtilisation } = figuresBetween(begun, readAt(180 * 60e6))
  near(stageUtilisation[0]!, 0.75)
  near(stageUtilisation[1]!, 0.25)
})

test('a lane that begins just after the clock was read does not count as busy for ever', () => {
  const { lane, readAt } = newMeter(1, 1)
  const begun = readAt(0)
  lane(0, 0).begin(START_US + 20)
  near(figuresBetween(begun, readAt(10)).stageUtilisation[0]!, 0)
  near(figuresBetween(begun, readAt(40)).stageUtilisation[0]!, 0.5)
})

test('micro-batches in flight over time, and tokens per run', () => {
  const { meter, readAt } = newMeter(1, 1)
  const begun = readAt(0)
  meter.submitted(submission('prefill'), START_US + 10)
  meter.submitted(submission('decode'), START_US + 20)
  meter.returned(RETURNED, START_US + 30)
  meter.token()
  meter.token()
  meter.token()
  meter.returned(RETURNED, START_US + 60)
  const { runsInFlight, tokensPerRun } = figuresBetween(begun, readAt(100))
  near(runsInFlight!, 0.6)
  assert.is(tokensPerRun, 3)
})

test('no time, no figures', () => {
  const { readAt } = newMeter(1, 1)
  assert.equal(figuresBetween(readAt(5), readAt(5)), { stageUtilisation: [], runsInFlight: null, tokensPerRun: null })
})

test.run()
