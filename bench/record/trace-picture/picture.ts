// Records README's picture: the same request plainly and with guesses, on real threads whose stages only take time.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineCommand } from '../../../cli/shell/command.ts'
import { note } from '../../../cli/shell/output.ts'
import { createTraceRings } from '../../../engine/index.ts'
import type { DraftParameters } from '../../../engine/speculation/parameters.ts'
import type { TraceRings } from '../../../engine/trace/trace-rings.ts'
import { eager } from '../../pipeline/compare.ts'
import { EmulatedPipeline } from '../../pipeline/emulated.ts'
import type { PipelineSetting } from '../../pipeline/setting.ts'
import { drawRuns } from './draw.ts'
import { type TracedRun, tracedRun } from './traced-run.ts'

const PICTURE = new URL('../../../../docs/trace.svg', import.meta.url)

const SETTING: PipelineSetting = {
  stages: 4,
  stageMs: () => 40,
  hopMs: 4,
  rowsMax: 1,
  sliceMs: 1,
  headerMs: 0.02,
  draftMs: 55,
  accuracy: 0.8,
}
const CAPTION = [
  'Two traces of real threads with emulated work: a stage waits 40 ms per token instead of computing, the small model 55 ms;',
  'from one stage to the next takes 4 ms, and a guess is right 8 times out of 10.',
]
/** Tokens of the plain run that are shown, and the time behind the last of them. */
const PLAIN_TOKENS = 5
const REST_MS = 48
/** More than are shown: what happens at the end of a request is no part of the picture. */
const TOKENS = 24
/** Threads are slower at first. */
const WARM_UP_TOKENS = 4

export const command = defineCommand({
  usage: '[options]',
  positionalsMax: 0,
  options: {},
  async run() {
    const plain = await record(undefined, PLAIN_TOKENS + 1)
    const guessing = await record(eager('pipe', SETTING.rowsMax), TOKENS)
    const ms = plain.emissions[PLAIN_TOKENS - 1]!.atMs + REST_MS
    writeFileSync(PICTURE, drawRuns({ plain, guessing, ms, caption: CAPTION }))
    note(`${fileURLToPath(PICTURE)}\n`)
  },
})

async function record(draft: DraftParameters | undefined, tokens: number): Promise<TracedRun> {
  let rings: TraceRings | undefined
  {
    await using pipeline = await EmulatedPipeline.start(SETTING, TOKENS, {
      trace(target, drafter) {
        rings = createTraceRings(target, drafter)
        return rings
      },
    })
    await pipeline.run(undefined, WARM_UP_TOKENS)
    await pipeline.run(draft, tokens)
  }
  const run = tracedRun(rings!)
  return { ...run, stages: run.stages.slice(0, SETTING.stages) }
}
