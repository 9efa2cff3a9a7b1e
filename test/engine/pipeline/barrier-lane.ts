// A worker thread that stands for one lane: meets the others many times and checks what it sees.
import { parentPort, workerData } from 'node:worker_threads'
import { LaneBarrier } from '../../../engine/pipeline/barrier.ts'
import { controlLayout, PipelineEnded } from '../../../engine/pipeline/control.ts'

const { words, counters, lane, lanes, rounds, spins } = workerData as {
  words: Int32Array
  counters: Int32Array
  lane: number
  lanes: number
  rounds: number
  spins: number
}
const barrier = new LaneBarrier(words, controlLayout(1), 0, lanes, spins)
let fault = ''
try {
  for (let round = 1; round <= rounds; round++) {
    counters[lane] = round
    const decision = lane === 0 ? barrier.lead(round * 3) : barrier.follow()
    if (decision !== round * 3) fault ||= `round ${round}: decision ${decision}`
    for (let other = 0; other < lanes; other++) {
      if (counters[other]! < round) fault ||= `round ${round}: lane ${other} is at ${counters[other]}`
    }
    // Nobody writes the next round before all have looked.
    if (lane === 0) barrier.lead(1)
    else barrier.follow()
  }
} catch (error) {
  fault = error instanceof PipelineEnded ? 'ended' : String(error)
}
parentPort!.postMessage(fault)
