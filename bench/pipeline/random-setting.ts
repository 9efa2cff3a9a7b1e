// Pipelines and drafters drawn at random: what a person might have, and what is hard.
import { uniformDraws } from '../forge/random.ts'
import type { PipelineSetting } from './setting.ts'

/** A setting, and in words what is not a number in it. */
export interface DrawnSetting extends PipelineSetting {
  readonly name: string
}

const HOPS_MS = [0, 0, 1, 5, 16]
const DRAFTS_MS = [3, 12, 40]
const RIGHT = [0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98]

/** Setting number `index` of all there are: always the same. */
export function drawSetting(index: number): DrawnSetting {
  const draw = uniformDraws(Math.imul(index + 1, 0x9e3779b9))
  const pick = <T>(from: readonly T[]): T => from[Math.floor(draw() * from.length)]!
  const stages = 1 + Math.floor(draw() * 8)
  const rowsMax = pick([1, 2, 4, 4, 8, 8])
  const oneMs = 2 * 20 ** draw()
  // In one of two the time grows in steps of four rows, as kernels do; rows never take longer together than alone.
  const step = pick([1, 4])
  const growth = Math.min(1, step * pick([0, 0.05, 0.2, 0.5, 1]))
  const stageMs = (rows: number) => oneMs * (1 + growth * (Math.ceil(rows / step) - 1))
  const hopMs = pick(HOPS_MS)
  const jitter = pick([0, 0, 0.2])
  const hardware = { stages, rowsMax, stageMs, hopMs, jitter, sliceMs: 0.25, headerMs: 0.02 }
  const shape = `${stages} stages of ${oneMs.toFixed(1)} ms + ${growth * 100}% per ${step === 1 ? 'row' : '4 rows'}`
  const machine = `${shape}, up to ${rowsMax} rows, hop ${hopMs}${jitter > 0 ? ', jitter' : ''}`
  const { name, ...drafter } = drawDrafter(draw, pick)
  return { ...hardware, ...drafter, name: `${machine}; ${name}` }
}

type Drafter = Pick<DrawnSetting, 'draftMs' | 'accuracy' | 'spread' | 'claim' | 'repeats' | 'name'>

function drawDrafter(draw: () => number, pick: <T>(from: readonly T[]) => T): Drafter {
  const accuracy = pick(RIGHT)
  if (draw() < 0.25) {
    const repeats = pick([0, 0.1, 0.3, 0.7, 1])
    return { draftMs: 0.005, accuracy, repeats, name: `n-grams in ${repeats} of the text, right ${accuracy}` }
  }
  const draftMs = draw() < 0.5 ? pick(DRAFTS_MS) : 0.5 * 100 ** draw()
  const words = `drafter ${draftMs.toFixed(1)} ms, right ${accuracy}`
  const claims = draw()
  if (claims < 0.5) return { draftMs, accuracy, name: `${words}, sure` }
  if (claims < 0.75) return { draftMs, accuracy, spread: 0.3, name: `${words}, honest` }
  const claim = pick([0.2, 0.4, 0.7])
  return { draftMs, accuracy, claim, name: `${words}, claims ${claim}` }
}
