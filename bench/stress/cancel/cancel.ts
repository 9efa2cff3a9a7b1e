// What a cancellation costs on real kernels: how soon a stage stops in the middle of a computation, beside the time of its
// operations, and how long a micro-batch without living rows keeps a stage.
import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../../cli/shell/figures.ts'
import { loadOptions } from '../../../cli/shell/options.ts'
import { clockUs, elapsedUs } from '../../../engine/wire/clock.ts'
import * as ring from '../../../engine/wire/trace-records.ts'
import { count, defineBench } from '../../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../../model-files.ts'
import { createStageClocks, deadUs, operationsUs } from './clocked-forward.ts'
import { StageThreads } from './stage-threads.ts'

const MODEL = '1b-Q4_0'
const FORWARD = new URL('./clocked-forward.js', import.meta.url).href
const STAGES = 2
/** Micro-batches before anything counts, and those whose operations are timed. */
const WARM_UP = 12
/** Dead micro-batches before any counts: until the code that passes them on has been optimized. */
const WARM_UP_DEAD = 400
const TIMED = 20
const OPERATIONS_MAX = 1 << 16
const DEAD_MAX = 1 << 14
const HEADER_LIMIT_US = 20

export const bench = defineBench({
  models: 'one',
  options: {
    rows: count(['--rows'], 'rows of a micro-batch', { usual: 4, most: 8 }),
    tries: count(['--tries'], 'cancellations of each kind', { usual: 100 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values } = invocation
    const { rows, tries } = values
    const { name, path } = benchModel(invocation, MODEL)
    const plan = { stages: STAGES, context: 64, ...loadOptions(values) }
    const found = await measure(path, plan, rows, tries)
    const operationUs = median(found.operationsUs)
    return {
      about: `Cancelled work: ${name}, micro-batches of ${rows} rows, ${found.plan}`,
      options: { model: name, rows, tries, plan: found.plan },
      columns: {
        ...{ what: 'microseconds', count: 'times', p50Us: 'median', p95Us: '95 %', maxUs: 'max' },
        ...{ limitUs: 'limit of the median', isWithin: 'within' },
      },
      rows: [
        summary('operation of a stage, not cancelled', found.operationsUs),
        summary('operation under way at any moment', byTheirTime(found.operationsUs)),
        summary('from the cancellation to the stop', found.stopsUs, operationUs),
        ...found.headers.flatMap(({ wallUs, threadUs }, stage) => [
          ...(threadUs.length > 0
            ? [summary(`stage ${stage}: dead micro-batch, thread time`, threadUs, HEADER_LIMIT_US)]
            : []),
          summary(`stage ${stage}: dead micro-batch, from begin to end`, wallUs, HEADER_LIMIT_US),
        ]),
      ],
      notes: [
        'A cancelled micro-batch is in some stage, at a moment drawn evenly from its way. The limit of its median is the',
        "median operation. A dead micro-batch's time is that of lane 0, from finding it until it has passed it on; thread",
        'time (not on Node 20) leaves out when others were given its core, such as the thread that it has just woken.',
      ],
    }
  },
})

function summary(what: string, us: readonly number[], limitUs?: number) {
  const sorted = us.toSorted((a, b) => a - b)
  const p50Us = median(us)
  const p95Us = sorted[Math.floor(sorted.length * 0.95)]
  const isWithin = limitUs === undefined ? undefined : p50Us <= limitUs
  return { what, count: us.length, p50Us, p95Us, maxUs: sorted.at(-1), limitUs, isWithin }
}

/** Those that somebody meets who looks as often as there are operations. */
function byTheirTime(us: readonly number[]): number[] {
  const step = us.reduce((sum, time) => sum + time, 0) / us.length
  let passedUs = 0
  return us.flatMap((time) => {
    const before = Math.floor(passedUs / step)
    passedUs += time
    return new Array<number>(Math.floor(passedUs / step) - before).fill(time)
  })
}

type Plan = Parameters<typeof StageThreads.start>[1]

async function measure(path: string, options: Plan, rows: number, tries: number) {
  const settings = createStageClocks(OPERATIONS_MAX, DEAD_MAX)
  const threads = await StageThreads.start(path, options, { href: FORWARD, settings })
  try {
    const evaluate = async () => {
      threads.submit(rows)
      await threads.returned()
    }
    for (let i = 0; i < WARM_UP; i++) await evaluate()
    const before = operationsUs(settings).length
    const startedUs = clockUs()
    for (let i = 0; i < TIMED; i++) await evaluate()
    const wayMs = (clockUs() - startedUs) / TIMED / 1000
    const timedUs = operationsUs(settings).slice(before)
    const stopsUs: number[] = []
    for (let i = 0; i < tries; i++) {
      const number = threads.submit(rows)
      await sleep(((i + 0.5) / tries) * wayMs)
      const cancelledUs = clockUs()
      threads.cancel(number)
      const { stoppedUs } = await threads.returned()
      if (stoppedUs !== 0) stopsUs.push(elapsedUs(cancelledUs, stoppedUs))
    }
    for (let i = 0; i < WARM_UP_DEAD + tries; i++) {
      threads.submit(rows, true)
      await threads.returned()
    }
    const { plan, firstLayers } = threads
    const wallUs = await headersUs(threads, tries)
    // Of dead micro-batches, by stage: from when it found one until it had been passed on, and what of this the thread was
    // running; empty where Node does not tell.
    const headers = wallUs.map((us, stage) => ({
      wallUs: us,
      threadUs: deadUs(settings, firstLayers[stage]!).slice(-tries),
    }))
    return { plan, operationsUs: timedUs, stopsUs, headers }
  } finally {
    await threads[Symbol.asyncDispose]()
  }
}

/** By stage, how long lane 0 was busy with each of the last `count` micro-batches, which were dead. */
async function headersUs(threads: StageThreads, count: number): Promise<number[][]> {
  const lanes = threads.trace.map(([lane]) => lane!)
  // Records may be read when the threads have ended.
  await threads[Symbol.asyncDispose]()
  return lanes.map((lane) =>
    [...ring.traceRecords(lane)]
      .filter(({ fields }) => fields[ring.COMPUTE_OUTCOME] === ring.DEAD_BEFORE)
      .slice(-count)
      .map(({ beginUs, endUs }) => endUs - beginUs),
  )
}
