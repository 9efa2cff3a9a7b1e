// What many requests at once are worth where rows that share a step cost nothing up to a number of them, as memory bounds
// decoding on CPUs (arXiv:2406.07553): t(r) = max(T, r T / 25). On real threads, whose stages wait.
import { note } from '../../cli/shell/output.ts'
import { GROUPS_MAX } from '../../engine/limits.ts'
import type { Findings } from '../report.ts'
import { sideBySide } from '../statistics.ts'
import { EmulatedPipeline } from './emulated.ts'
import type { PipelineSetting } from './setting.ts'

const STEP_MS = 25
/** Rows that a step takes at the price of one. */
const FREE_ROWS = 25
const REQUESTS = [1, 2, 4, 8, 16, FREE_ROWS, GROUPS_MAX]
const PIPELINES = 4
const TOKENS = 150

const ONE_STAGE: PipelineSetting = {
  ...{ stages: 1, hopMs: 0, rowsMax: GROUPS_MAX, sliceMs: STEP_MS, headerMs: 0, draftMs: 0, accuracy: 0 },
  stageMs: (rows) => Math.max(STEP_MS, (rows * STEP_MS) / FREE_ROWS),
}

/** Tokens per second that `requests` requests on one stage cannot exceed. */
const boundTokS = (requests: number): number => (requests * 1000) / ONE_STAGE.stageMs(requests)

/** A row per number of requests, and one for several pipelines beside each other. */
export async function batching(tokens = TOKENS, signal: AbortSignal): Promise<Findings> {
  const rows: object[] = []
  let oneTokS = 0
  const measure = async (pipelines: number, requests: number) => {
    signal.throwIfAborted()
    note(`${pipelines} x ${requests} requests\n`)
    const tokS = await speed(pipelines, requests, tokens)
    oneTokS ||= tokS
    const bound = pipelines * boundTokS(requests)
    rows.push({ pipelines, requests, tokS, ofOne: tokS / oneTokS, bound, ofBound: tokS / bound })
  }
  for (const requests of REQUESTS) await measure(1, requests)
  await measure(PIPELINES, 1)
  return {
    about: `Requests side by side on an emulated stage of ${STEP_MS} ms for up to ${FREE_ROWS} rows, tokens per second`,
    options: { stepMs: STEP_MS, freeRows: FREE_ROWS, tokens },
    columns: {
      ...{ pipelines: 'pipelines', requests: 'requests each', tokS: ['all together', 1], ofOne: ['of one', 2] },
      ...{ bound: ['bound', 1], ofBound: ['of bound', 3] },
    },
    rows,
  }
}

/** Of all requests of all pipelines, while all of them are under way. */
async function speed(pipelines: number, requests: number, tokens: number): Promise<number> {
  const emulated: EmulatedPipeline[] = []
  try {
    while (emulated.length < pipelines) emulated.push(await EmulatedPipeline.start(ONE_STAGE, tokens, { requests }))
    const texts = emulated.flatMap((pipeline) => Array.from({ length: requests }, () => pipeline.arrivals(tokens)))
    return sideBySide(await Promise.all(texts)).tokS
  } finally {
    for (const pipeline of emulated) await pipeline[Symbol.asyncDispose]()
  }
}
