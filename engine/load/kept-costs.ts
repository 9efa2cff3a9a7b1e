// What micro-batches take on this machine, kept in a file that the user names, so that a model is measured once per plan,
// kernels and versions. Nothing depends on the file: one that is damaged, or cannot be written, is done without, and one
// of somebody else is left alone.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../files/folder.ts'
import { writeWholeText } from '../files/whole-file.ts'
import { CHUNK_ROWS_MAX } from '../limits.ts'
import type { CostShape, MeasuredShape } from '../speculation/costs/cost-shape.ts'
import { machineKey } from './machine-key.ts'
import type { PreparedModel } from './prepare.ts'

/** Shapes in the file: those that were measured last. One takes some hundred bytes, and few hundred stages and knots. */
const SHAPES_MAX = 64
const KEPT_BYTES_MAX = 1 << 19
/** How the file begins. */
const HEAD = '{"tsinferCosts":['

interface KeptShape extends CostShape {
  readonly key: string
}

export class KeptCosts {
  readonly #path: string | undefined
  readonly #key: string
  #shape: CostShape | undefined

  /** Looks in the file `path`, if there is one, for what `model` was measured to take with these kernels. */
  constructor(path: string | undefined, model: PreparedModel, kernels: string) {
    this.#path = path
    this.#key = keyOf(model, kernels)
    if (path === undefined) return
    const stages = model.plan.stages.length
    this.#shape = shapesIn(readOurs(path)).find(({ key, stageUs }) => key === this.#key && stageUs.length === stages)
  }

  /** Undefined while it is not known. */
  get shape(): CostShape | undefined {
    return this.#shape
  }

  /** Adds what is steady of a shape to the file, if that can be written. Makes its folder. */
  keep(measured: MeasuredShape): void {
    this.#shape = measured
    const { rows, stageUs, steadyCount } = measured
    const steady = (list: readonly number[]) => list.slice(0, steadyCount)
    const shape = { key: this.#key, rows: steady(rows), stageUs: stageUs.map(steady) }
    const old = this.#path === undefined ? undefined : readOurs(this.#path)
    if (this.#path === undefined || old === undefined || steadyCount === 0) return
    const others = shapesIn(old).filter(({ key }) => key !== this.#key)
    const shapes = [shape, ...others].slice(0, SHAPES_MAX)
    const text = () => `${HEAD}\n${shapes.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`
    while (text().length > KEPT_BYTES_MAX) shapes.pop()
    try {
      makeFolder(dirname(this.#path))
      writeWholeText(this.#path, text())
    } catch {
      // The next load measures again.
    }
  }
}

/** Names what a shape was measured of. */
function keyOf({ file, plan }: PreparedModel, kernels: string): string {
  const { sizes, stages, spins, sharesCores } = plan
  const { lanes, chunkRows, cellTypeK, cellTypeV } = sizes
  const layers = stages.map(({ range }) => range.count)
  const layout = { layers, lanes, chunkRows, cellTypeK, cellTypeV, spins, sharesCores, kernels }
  return createHash('sha256')
    .update(JSON.stringify([machineKey(file), layout]))
    .digest('hex')
    .slice(0, 32)
}

/** Nothing where there is no file; undefined where there is one that is not ours, or cannot be read. */
function readOurs(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return ''
    if (!stats.isFile() || stats.size > KEPT_BYTES_MAX) return undefined
    const text = readFileSync(path, 'utf8')
    return text.startsWith(HEAD) ? text : undefined
  } catch {
    return undefined
  }
}

function shapesIn(text: string | undefined): KeptShape[] {
  try {
    const { tsinferCosts } = JSON.parse(text ?? '') as { tsinferCosts?: unknown }
    return Array.isArray(tsinferCosts) ? tsinferCosts.slice(0, SHAPES_MAX).filter(isShape) : []
  } catch {
    return []
  }
}

function isShape(found: unknown): found is KeptShape {
  const { key, rows, stageUs } = (found ?? {}) as { key?: unknown; rows?: unknown; stageUs?: unknown }
  if (typeof key !== 'string' || !isNumbers(rows) || !Array.isArray(stageUs)) return false
  const isAscending = rows.every((knot, i) => Number.isInteger(knot) && knot > (rows[i - 1] ?? 0))
  return (
    isAscending &&
    rows.length > 0 &&
    rows.at(-1)! <= CHUNK_ROWS_MAX &&
    stageUs.every((us) => isNumbers(us) && us.length === rows.length)
  )
}

const isNumbers = (found: unknown): found is number[] =>
  Array.isArray(found) && found.every((value) => typeof value === 'number' && value >= 0 && value < 1e12)
