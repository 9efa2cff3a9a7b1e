// What micro-batches take is measured once and kept.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openGguf } from '../../../engine/gguf/file.ts'
import { KeptCosts } from '../../../engine/load/kept-costs.ts'
import { prepareModel } from '../../../engine/load/prepare.ts'
import type { PlanOptions } from '../../../engine/model/memory/plan.ts'
import { type LoadOptions, loadModel, type Model } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const SHAPE = { rows: [1, 2, 64], stageUs: [[10, 11.5, 400]], steadyCount: 3 }

const test = suite<{ folder: string; path: string }>('kept costs', { folder: '', path: '' })
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tsinfer-'))
  context.path = join(context.folder, 'costs.json')
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

const planned = (options: PlanOptions = {}) => prepareModel(openGguf(MODEL), { context: 64, ...options }, 2)
const kept = (path: string | undefined, options?: PlanOptions, kernels = 'plain') =>
  new KeptCosts(path, planned(options), kernels)

test('a shape is found again, of this model and plan and these kernels only', ({ folder }) => {
  const path = join(folder, 'below', 'costs.json')
  assert.is(kept(path).shape, undefined)
  const costs = kept(path)
  costs.keep(SHAPE)
  for (const { shape } of [costs, kept(path)]) assert.equal([shape!.rows, shape!.stageUs], [SHAPE.rows, SHAPE.stageUs])
  for (const options of [{ lanes: 2 }, { stages: 2 }, { chunkRows: 16 }, { kvTypeK: 'q8_0' as const }]) {
    assert.is(kept(path, options).shape, undefined, JSON.stringify(options))
  }
  assert.is(kept(path, {}, 'relaxed').shape, undefined)
  kept(path, { lanes: 2 }).keep({ ...SHAPE, rows: [1, 2, 3] })
  assert.equal(kept(path).shape!.rows, SHAPE.rows)
  assert.equal(kept(path, { lanes: 2 }).shape!.rows, [1, 2, 3])
})

test('what was not steady is used, but not kept', ({ path }) => {
  const costs = kept(path)
  costs.keep({ ...SHAPE, steadyCount: 0 })
  assert.equal(costs.shape!.rows, [1, 2, 64])
  assert.is(kept(path).shape, undefined)
  costs.keep({ ...SHAPE, steadyCount: 2 })
  assert.equal(kept(path).shape!.rows, [1, 2])
  assert.equal(kept(path).shape!.stageUs, [[10, 11.5]])
})

test('the file holds the last ones and no more', ({ path }) => {
  for (let chunkRows = 1; chunkRows <= 64; chunkRows++) kept(path, { chunkRows }, '').keep(SHAPE)
  kept(path).keep(SHAPE)
  assert.is(JSON.parse(readFileSync(path, 'utf8')).tsinferCosts.length, 64)
  assert.is(kept(path, { chunkRows: 1 }, '').shape, undefined)
  assert.ok(kept(path, { chunkRows: 2 }, '').shape)
  assert.ok(kept(path).shape)
})

test('without a file nothing is kept, and nothing is wrong', () => {
  const costs = kept(undefined)
  assert.is(costs.shape, undefined)
  costs.keep(SHAPE)
  assert.equal(costs.shape!.rows, SHAPE.rows)
})

test('what is damaged is measured again, what is of somebody else is left alone', ({ path }) => {
  kept(path).keep(SHAPE)
  const text = readFileSync(path, 'utf8')
  const { key } = JSON.parse(text).tsinferCosts[0]
  const HEAD = text.slice(0, text.indexOf('[') + 1)
  const entry = (change: object) => `${HEAD}${JSON.stringify({ key, ...SHAPE, ...change })}]}`
  const damaged = [
    text.slice(0, -9),
    `${HEAD}null, 3]}`,
    entry({ rows: [] }),
    entry({ rows: [1, 2] }),
    entry({ rows: [2, 2, 64] }),
    entry({ rows: [0, 2, 64] }),
    entry({ rows: [1, 2, 1e9] }),
    entry({ rows: [1, 1.5, 64] }),
    entry({ stageUs: [] }),
    entry({ stageUs: [SHAPE.stageUs[0], SHAPE.stageUs[0]] }),
    entry({ stageUs: [[1, 2]] }),
    entry({ stageUs: [[1, 'x', 2]] }),
    entry({ stageUs: [[1, -1, 2]] }),
    entry({ stageUs: [[1, null, 2]] }),
  ]
  for (const content of damaged) {
    writeFileSync(path, content)
    const costs = kept(path)
    assert.is(costs.shape, undefined, content)
    costs.keep(SHAPE)
    assert.equal(kept(path).shape!.rows, SHAPE.rows, content)
  }
  for (const content of ['', 'notes', '{"tsinfer":1}', ' '.repeat(2_000_000)]) {
    writeFileSync(path, content)
    const costs = kept(path)
    assert.is(costs.shape, undefined)
    costs.keep(SHAPE)
    assert.is(readFileSync(path, 'utf8'), content)
  }
  rmSync(path)
  mkdirSync(path)
  kept(path).keep(SHAPE)
  for (const place of [path, join(repositoryPath('package.json'), 'x'), '/proc/none/x']) {
    const costs = kept(place)
    costs.keep(SHAPE)
    assert.equal(costs.shape!.rows, SHAPE.rows)
    assert.is(kept(place).shape, undefined)
  }
})

const load = (options: LoadOptions) => loadModel(MODEL, { context: 64, lanes: 1, ...options })

test('a load measures, or takes what was measured; the text is the same', async ({ path }) => {
  const text = async (model: Model) =>
    (await model.generate('Once upon a time', { seed: 1, maxTokens: 20 }).result).choices[0]!.text
  await using model = await load({ costs: path })
  const { steps } = model.info
  assert.equal(
    steps.map(({ rows }) => rows),
    [1, 2, 4, 8, 16, 32, 64].slice(0, steps.length),
  )
  assert.ok(steps.length > 0 && steps.every(({ ms }) => ms > 0))
  const { kernels } = model.info
  kept(path, { lanes: 1 }, kernels).keep(SHAPE)
  await using next = await load({ costs: path })
  assert.equal(next.info.steps, [
    { rows: 1, ms: 0.01 },
    { rows: 2, ms: 0.0115 },
    { rows: 64, ms: 0.4 },
  ])
  assert.is(await text(next), await text(model))
})

test('a load that is given up while it measures ends', async ({ folder }) => {
  const controller = new AbortController()
  const loading = load({ costs: join(folder, 'x'), signal: controller.signal, onProgress: () => controller.abort() })
  const error = await loading.then(
    () => undefined,
    (reason) => reason,
  )
  assert.is(error?.code, 'aborted')
})

test.run()
