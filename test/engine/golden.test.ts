// The embedded model and its quantized twins against float64 runs of the same weights.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sharedPath, sharedTest } from '../shared.ts'
import { generate, score, startEngine } from './started-engine.ts'

interface GoldenRun {
  readonly name: string
  readonly prompt_ids: readonly number[]
  readonly ids: readonly number[]
  readonly steps: readonly {
    readonly pos: number
    readonly top5: readonly [number, number][]
    readonly logsumexp: number
  }[]
}

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const goldenRuns = (type: string): GoldenRun[] => readJson(sharedPath(`models/stories260K/golden-${type}.json`)!).runs

/** Differences of the top-5 log-probabilities along the golden path, ascending. */
async function logProbabilityErrors(path: string, type: string): Promise<number[]> {
  await using started = await startEngine(path, {})
  const errors: number[] = []
  for (const run of goldenRuns(type)) {
    const rows = await score(started, run.ids)
    for (const { pos, top5, logsumexp } of run.steps) {
      const { ids, logits, logsumexp: ours } = rows[pos]!
      for (const [id, logit] of top5) {
        const at = ids.indexOf(id)
        errors.push(at < 0 ? Number.POSITIVE_INFINITY : Math.abs(logits[at]! - ours - (logit - logsumexp)))
      }
    }
  }
  return errors.sort((a, b) => a - b)
}

sharedTest(test, 'greedy ids equal the golden runs', 'models/stories260K/stories260K.gguf', async (path) => {
  await using started = await startEngine(path, { stages: 2 })
  for (const { name, prompt_ids, ids } of goldenRuns('f32')) {
    const [generated] = await generate(started, prompt_ids, { tokensMax: ids.length - prompt_ids.length })
    assert.equal([...prompt_ids, ...generated!], ids, name)
  }
})

sharedTest(test, 'f32 log-probabilities are within 1e-3', 'models/stories260K/stories260K.gguf', async (path) => {
  assert.ok((await logProbabilityErrors(path, 'f32')).at(-1)! <= 1e-3)
})

for (const type of ['q8_0', 'q4_0']) {
  sharedTest(test, `${type} log-probabilities`, `models/stories260K/stories260K-${type}.gguf`, async (path) => {
    const errors = await logProbabilityErrors(path, type)
    assert.ok(errors.at(-1)! <= 0.5, `worst ${errors.at(-1)}`)
    assert.ok(errors[Math.floor(errors.length * 0.99)]! <= 0.2, '99th percentile')
  })
}

sharedTest(test, 'perplexity is within 0.5%', 'models/stories260K/perplexity.json', async (path) => {
  await using started = await startEngine(sharedPath('models/stories260K/stories260K.gguf')!, {})
  const { stories, perplexity } = readJson(path) as { stories: { ids: number[] }[]; perplexity: number }
  let nll = 0
  let tokens = 0
  for (const { ids } of stories) {
    for (const { logsumexp, nextLogit } of (await score(started, ids)).slice(0, -1)) {
      nll += logsumexp - nextLogit
      tokens++
    }
  }
  assert.ok(Math.abs(Math.exp(nll / tokens) / perplexity - 1) < 0.005)
})

test.run()
