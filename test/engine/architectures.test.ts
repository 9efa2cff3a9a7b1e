// Every architecture against llama.cpp, along its own greedy path, on small random-weight models that are forged here
// just as they were when llama.cpp's figures were recorded (bench/peers/parity.ts).
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ForgedType } from '../../bench/models/quantize.ts'
import { forgeRandom } from '../../bench/models/random-model.ts'
import { RECIPES } from '../../bench/models/recipes.ts'
import { isMixture, type ParityFixture, type ParityRun } from '../../bench/peers/parity-cases.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { runReference } from '../reference/model.ts'
import { repositoryPath } from '../shared.ts'
import { behaviour } from './behaviour.ts'
import { temporaryPath } from './gguf/temporary.ts'
import { score, startEngine } from './started-engine.ts'

/** Of every top-5 probability. */
const FLOAT_LIMIT = 0.005
/** Of the worst top-5 probability of a step: the mean and the 95th percentile over the steps. */
const INTEGER_LIMITS = { mean: 0.06, p95: 0.2 }
/** Where llama.cpp's first two tokens differ by more than this, ours must be the same. */
const CLEAR_MARGIN = 0.35
/** Steps at which a router's choice is closer than this say nothing. */
const ROUTER_MARGIN = 0.05

interface Comparison {
  /** Per step, the worst error of the top five. */
  readonly errors: number[]
  readonly swaps: number
}

/** Runs along llama.cpp's paths. */
async function compare(path: string, runs: readonly ParityRun[], context: number, name: string): Promise<Comparison> {
  await using started = await startEngine(path, { context, lanes: 1 })
  const errors: number[] = []
  let swaps = 0
  for (const { prompt, steps } of runs) {
    const ids = [...prompt, ...steps.map(([token]) => token!)]
    const margins = isMixture(name) ? runReference(openGguf(path), ids, context).margins : []
    const rows = await score(started, ids, prompt.length - 1)
    for (const [step, top] of steps.entries()) {
      if ((margins[prompt.length - 1 + step] ?? 1) < ROUTER_MARGIN) continue
      const { ids: best, logits, logsumexp } = rows[step]!
      const probability = (id: number) => {
        const at = best.indexOf(id)
        return at < 0 ? 0 : Math.exp(logits[at]! - logsumexp)
      }
      errors.push(Math.max(...[0, 2, 4, 6, 8].map((i) => Math.abs(probability(top[i]!) - top[i + 1]!))))
      if (top[1]! - top[3]! > CLEAR_MARGIN && best[0] !== top[0]) swaps++
    }
  }
  return { errors: errors.sort((a, b) => a - b), swaps }
}

/** The path of the model of a recipe. */
function forged(name: string, type: ForgedType): string {
  const path = temporaryPath(`${name}-${type}.gguf`)
  if (!existsSync(path)) forgeRandom(path, RECIPES[name]!, type)
  return path
}

for (const name of Object.keys(RECIPES)) {
  const file = repositoryPath(`test/fixtures/parity/${name}.json`)
  const fixture = JSON.parse(readFileSync(file, 'utf8')) as ParityFixture
  for (const [type, runs] of Object.entries(fixture.runs)) {
    test(`${name} in ${type} follows llama.cpp`, async () => {
      const path = forged(name, type as ForgedType)
      const { errors, swaps } = await compare(path, runs, fixture.context, name)
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
      const p95 = errors[Math.floor(errors.length * 0.95)]!
      const figures = `mean ${mean.toFixed(4)}, p95 ${p95.toFixed(4)}, worst ${errors.at(-1)!.toFixed(4)}`
      assert.ok(errors.length >= 40, `${errors.length} steps count`)
      if (type === 'F16') assert.ok(errors.at(-1)! <= FLOAT_LIMIT, figures)
      else assert.ok(mean <= INTEGER_LIMITS.mean && p95 <= INTEGER_LIMITS.p95, figures)
      assert.is(swaps, 0, figures)
    })
  }
}

/** Longer than the recipes' windows. */
const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const TOKENS = 8

for (const name of Object.keys(RECIPES)) {
  const types: readonly ForgedType[] = isMixture(name) ? ['F16', 'Q4_K'] : [name.length % 2 === 0 ? 'Q8_0' : 'Q4_K']
  for (const type of types) {
    test(`${name} in ${type}: the same bits for any stages, lanes, chunks and kernels`, async () => {
      const path = forged(name, type)
      const expected = await behaviour(path, PROMPT, TOKENS, { stages: 1, lanes: 1, chunkRows: 64 }, 'plain')
      assert.is(expected.bits.length, PROMPT.length + TOKENS)
      for (const [stages, lanes, chunkRows, build] of [
        [1, 2, 1, 'relaxed'],
        [2, 1, 7, 'plain'],
        [2, 3, 64, 'relaxed'],
      ] as const) {
        const found = await behaviour(path, PROMPT, TOKENS, { stages, lanes, chunkRows }, build)
        assert.equal(found, expected, `${stages} stages, ${lanes} lanes, chunks of ${chunkRows}, ${build}`)
      }
    })
  }
}

test.run()
