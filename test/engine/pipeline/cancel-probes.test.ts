// Where stages notice that work has been cancelled, each place on real threads: while a stage waits for work, before it
// begins, and in the middle. In each case the micro-batch leaves the pipeline as a header, in its turn.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clockUs, elapsedUs } from '../../../engine/pipeline/clock.ts'
import { EMBEDDED_MODEL } from '../started-engine.ts'
import { createProbes, type ProbeEvent, StageProbes } from './probes.ts'
import { StageThreads } from './stage-threads.ts'

const FORWARD = new URL('./probed-forward.js', import.meta.url).href
const LAYERS = 5

async function start(options: { readonly stages: number; readonly lanes: number }) {
  const words = createProbes(LAYERS)
  const threads = await StageThreads.start(EMBEDDED_MODEL, options, { href: FORWARD, settings: words })
  return { threads, stages: threads.firstLayers.map((layer) => new StageProbes(words, layer)) }
}

async function happens(stage: StageProbes, event: ProbeEvent, count: number): Promise<void> {
  while (stage.count(event) < count) await new Promise((resolve) => setTimeout(resolve, 1))
}

const counts = (stage: StageProbes) => (['begun', 'stopped', 'completed'] as const).map((event) => stage.count(event))

for (const lanes of [1, 2]) {
  test(`idle: a stage that waits for work lets a dead micro-batch through: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const [first, second] = stages as [StageProbes, StageProbes]
    const number = threads.submit(3)
    await happens(first, 'begun', lanes)
    threads.cancel(number)
    const { stoppedUs, ...returned } = await threads.returned()
    assert.equal(returned, { number, hasResult: false })
    assert.ok(stoppedUs !== 0)
    assert.equal(counts(first), [lanes, lanes, 0])
    assert.equal(counts(second), [0, 0, 0], 'the idle stage never began')
  })

  test(`idle: what is dead when a waiting pipeline gets it is not begun at all: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 2, lanes })
    await using _ = threads
    const number = threads.submit(3, true)
    assert.equal(await threads.returned(), { number, stoppedUs: 0, hasResult: false })
    for (const stage of stages) assert.equal(counts(stage), [0, 0, 0])
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
      assert.equal(await threads.returned(), { number, stoppedUs: 0, hasResult: i !== 1 })
    }
    assert.equal(counts(first), [2 * lanes, 0, 2 * lanes])
    assert.equal(counts(second), [2 * lanes, 0, 2 * lanes])
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
    assert.equal(stopped, { number: numbers[0], hasResult: false })
    assert.ok(elapsedUs(cancelledUs, stoppedUs) >= 0, 'stopped after it was cancelled')
    second.setGate(true)
    assert.equal(await threads.returned(), { number: numbers[1], stoppedUs: 0, hasResult: true })
    assert.equal(counts(first), [2 * lanes, 0, 2 * lanes])
    assert.equal(counts(second), [2 * lanes, lanes, lanes])
  })

  test(`inside: while a row is alive the others' deaths stop nothing: ${lanes} lanes`, async () => {
    const { threads, stages } = await start({ stages: 1, lanes })
    await using _ = threads
    const [only] = stages as [StageProbes]
    const number = threads.submit(3)
    await happens(only, 'begun', lanes)
    threads.cancel(number, 0b011)
    only.setGate(true)
    assert.equal(await threads.returned(), { number, stoppedUs: 0, hasResult: true })
    assert.equal(counts(only), [lanes, 0, lanes])
  })
}

test.run()
