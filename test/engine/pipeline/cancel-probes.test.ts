// Where stages notice that work has been cancelled, each place on real threads: while a stage waits for work, before it
// begins, and in the middle. In each case the micro-batch leaves the pipeline as a header, in its turn.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StageThreads } from '../../../bench/stress/cancel/stage-threads.ts'
import { clockUs, elapsedUs } from '../../../engine/wire/clock.ts'
import { createThinning, FROM, MASK, PASSED, TOO_MANY } from '../../stages/thinning-forward.ts'
import { EMBEDDED_MODEL } from '../started-engine.ts'
import { createProbes, type ProbeEvent, StageProbes } from './probes.ts'

const FORWARD = new URL('../../stages/probed-forward.js', import.meta.url).href
const LAYERS = 5

async function start(options: { readonly stages: number; readonly lanes: number }) {
  const words = createProbes(LAYERS)
  const threads = await StageThreads.start(
    EMBEDDED_MODEL,
    { ...options, context: 64 },
    { href: FORWARD, settings: words },
  )
  return { threads, stages: threads.firstLayers.map((layer) => new StageProbes(words, layer)) }
}

async function happens(stage: StageProbes, event: ProbeEvent, count: number): Promise<void> {
  // For as long as it takes: the runner's watchdog ends what gets nowhere.
  while (stage.count(event) < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** How often lanes of the stage have begun, stopped and completed, once the last of them is done. */
async function counted(stage: StageProbes, begun: number, stopped: number, completed: number): Promise<void> {
  await happens(stage, 'stopped', stopped)
  await happens(stage, 'completed', completed)
  const found = (['begun', 'stopped', 'completed'] as const).map((event) => stage.count(event))
  assert.equal(found, [begun, stopped, completed])
}

for (const lanes of [1, 2]) {
  test(`idle: a stage that waits for work lets a dead micro-batch through: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const [first, second] = stages as [StageProbes, StageProbes]
    const number = threads.submit(3)
    await happens(first, 'begun', lanes)
    threads.cancel(number)
    const { stoppedUs, ...returned } = await threads.returned()
    assert.equal(returned, { number, tokens: [undefined, undefined, undefined] })
    assert.ok(stoppedUs !== 0)
    await counted(first, lanes, lanes, 0)
    await counted(second, 0, 0, 0)
  })

  test(`idle: what is dead when a waiting pipeline gets it is not begun at all: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const number = threads.submit(3, true)
    assert.equal(await threads.returned(), { number, stoppedUs: 0, tokens: [undefined, undefined, undefined] })
    for (const stage of stages) await counted(stage, 0, 0, 0)
  })

  test(`before: work that dies behind other work is not begun: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const [first, second] = stages as [StageProbes, StageProbes]
    const numbers = [threads.submit(1), threads.submit(4), threads.submit(2)]
    await happens(first, 'begun', lanes)
    threads.cancel(numbers[1]!)
    for (const stage of stages) stage.setGate(true)
    for (const [i, number] of numbers.entries()) {
      assert.equal(await threads.returned(), {
        number,
        stoppedUs: 0,
        tokens: [[0], [undefined, undefined, undefined, undefined], [0, undefined]][i],
      })
    }
    await counted(first, 2 * lanes, 0, 2 * lanes)
    await counted(second, 2 * lanes, 0, 2 * lanes)
  })

  test(`inside: every lane stops in the middle, and what follows is computed: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const [first, second] = stages as [StageProbes, StageProbes]
    first.setGate(true)
    const numbers = [threads.submit(2), threads.submit(2)]
    // The second stage is in the middle of the first micro-batch.
    await happens(second, 'begun', lanes)
    const cancelledUs = clockUs()
    threads.cancel(numbers[0]!)
    const { stoppedUs, ...stopped } = await threads.returned()
    assert.equal(stopped, { number: numbers[0], tokens: [undefined, undefined] })
    assert.ok(elapsedUs(cancelledUs, stoppedUs) >= 0, 'stopped after it was cancelled')
    second.setGate(true)
    assert.equal(await threads.returned(), { number: numbers[1], stoppedUs: 0, tokens: [0, undefined] })
    await counted(first, 2 * lanes, 0, 2 * lanes)
    await counted(second, 2 * lanes, lanes, lanes)
  })

  test(`inside: while a row is alive the others' deaths stop nothing: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 1, lanes })
    await using _ = threads
    const [only] = stages as [StageProbes]
    const number = threads.submit(3)
    await happens(only, 'begun', lanes)
    threads.cancel(number, 0b011)
    only.setGate(true)
    assert.equal(await threads.returned(), { number, stoppedUs: 0, tokens: [0, undefined, undefined] })
    await counted(only, lanes, 0, lanes)
  })
}

const THINNING = new URL('../../stages/thinning-forward.js', import.meta.url).href

for (const lanes of [1, 2, 3]) {
  test(`inside: rows that die alone are computed no further, and the others are what they were: ${lanes} lanes`, async () => {
    const words = createThinning()
    await using threads = await StageThreads.start(
      EMBEDDED_MODEL,
      { stages: 1, lanes, context: 64 },
      { href: THINNING, settings: words },
    )
    const tokens = async (from: number, mask: number) => {
      words[FROM] = from
      words[MASK] = mask
      threads.submit(4)
      return (await threads.returned()).tokens
    }
    const whole = await tokens(0, 0b1111)
    assert.ok(whole.every((token) => token !== undefined))
    const barriers = words[PASSED]!
    assert.ok(barriers > 5 * LAYERS)
    // The last barriers end the head, whose rows are chosen before.
    for (let from = 0; from < barriers - 2; from++) {
      for (const mask of [0b1010, 0b0001]) {
        const expected = whole.map((token, row) => (mask & (1 << row) ? token : undefined))
        assert.equal(await tokens(from, mask), expected, `barrier ${from} of ${barriers}`)
      }
    }
    assert.is(words[TOO_MANY], 0)
  })
}

test.run()
