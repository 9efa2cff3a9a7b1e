// Loads, uses and closes the embedded model many times: what memory and threads stay behind.
import { setImmediate as turn } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { EMBEDDED_CONTEXT, EMBEDDED_MODEL } from '../../cli/shell/load.ts'
import { loadModel } from '../../index.ts'
import { timeGeneration } from '../generation.ts'
import { count, defineBench } from '../harness.ts'

const TOKENS = 4
/** Growth is counted from here: code is compiled and heaps have grown to their size. */
const SETTLED_CYCLE = 10
const REPORTED_CYCLES = 20
const LIMIT_MB = 50

export const bench = defineBench({
  options: { cycles: count(['--cycles'], 'how often to load and close', { usual: 200, least: SETTLED_CYCLE }) },
  async measure({ values: { cycles }, signal }) {
    const workers = liveWorkers()
    const residentMb: number[] = []
    const rows: object[] = []
    const startedMs = performance.now()
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await oneCycle(signal)
      await turn()
      const mb = process.memoryUsage.rss() / 1e6
      residentMb.push(mb)
      if (cycle === 1 || cycle === SETTLED_CYCLE || cycle % REPORTED_CYCLES === 0 || cycle === cycles) {
        rows.push({ cycle, residentMb: mb, grownMb: mb - (residentMb[SETTLED_CYCLE - 1] ?? mb), workers: workers.size })
      }
    }
    const cycleMs = (performance.now() - startedMs) / cycles
    const settledMb = residentMb[SETTLED_CYCLE - 1]!
    const grownMb = Math.max(...residentMb.slice(SETTLED_CYCLE - 1)) - settledMb
    const verdict = grownMb < LIMIT_MB && workers.size === 0 ? 'within' : 'NOT within'
    return {
      about: `${cycles} times stories260K loaded, ${TOKENS} tokens generated, closed: ${cycleMs.toFixed(0)} ms each`,
      options: { cycles, tokens: TOKENS, residentMb },
      columns: {
        ...{ cycle: 'cycle', residentMb: ['RSS MB', 1], grownMb: [`since cycle ${SETTLED_CYCLE}`, 1] },
        workers: 'workers alive',
      },
      rows,
      notes: [
        `Most growth after cycle ${SETTLED_CYCLE}: ${grownMb.toFixed(1)} MB, workers alive at the end: ` +
          `${workers.size}; ${verdict} the limits of ${LIMIT_MB} MB and 0.`,
      ],
    }
  },
})

async function oneCycle(signal: AbortSignal): Promise<void> {
  await using model = await loadModel(EMBEDDED_MODEL, { context: EMBEDDED_CONTEXT, experimentalV8: true, signal })
  await timeGeneration(model, [1], TOKENS, signal)
}

/** Threads that this process started from now on and that have not ended. */
function liveWorkers(): ReadonlySet<Worker> {
  const live = new Set<Worker>()
  process.on('worker', (worker) => {
    live.add(worker)
    worker.once('exit', () => live.delete(worker))
  })
  return live
}
