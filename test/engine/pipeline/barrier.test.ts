import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CLOSING, controlLayout, createControl, endPipeline } from '../../../engine/pipeline/control.ts'

const ENTRY = new URL('./barrier-lane.js', import.meta.url)

function startLanes(started: number, lanes: number, rounds: number, spins: number) {
  const layout = controlLayout(1)
  const words = createControl(layout)
  const counters = new Int32Array(new SharedArrayBuffer(lanes * 4))
  const faults = Array.from({ length: started }, (_, lane) => {
    const worker = new Worker(ENTRY, { workerData: { words, counters, lane, lanes, rounds, spins } })
    return new Promise<string>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  })
  return { words, layout, faults: Promise.all(faults) }
}

for (const [lanes, spins] of [
  [2, 20_000],
  [2, 0],
  [3, 50],
  [5, 0],
] as const) {
  test(`${lanes} lanes with ${spins} spins meet, and leave with lane 0's decision`, async () => {
    const { faults } = startLanes(lanes, lanes, 500, spins)
    assert.equal(await faults, new Array(lanes).fill(''))
  })
}

for (const spins of [0, 2 ** 30]) {
  test(`a lane that waits for one that never comes leaves when the pipeline ends: ${spins} spins`, async () => {
    const { words, layout, faults } = startLanes(2, 3, 1, spins)
    await new Promise((resolve) => setTimeout(resolve, 100))
    endPipeline(words, layout, CLOSING)
    assert.equal(await faults, ['ended', 'ended'])
  })
}

test.run()
