// Every architecture against llama.cpp, along its own greedy path, on small random-weight models that are forged here
// just as they were when llama.cpp's figures were recorded (bench/record/parity.ts).
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ForgedType } from '../../bench/forge/quantize.ts'
import { RECIPES } from '../../bench/forge/recipes.ts'
import { isMixture, type ParityRun } from '../../bench/record/parity-cases.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { runReference } from '../reference/model.ts'
import { fixtureOf, forged } from './forged-model.ts'
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

for (const name of Object.keys(RECIPES)) {
  const fixture = fixtureOf(name)
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

test.run()
