import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../../engine/errors.ts'
import { openGguf } from '../../../../engine/gguf/file.ts'
import { GROUPS_MAX, MEMORY_BYTES_MAX } from '../../../../engine/limits.ts'
import type { AttentionScratch } from '../../../../engine/model/blocks/attention-layer.ts'
import type { FfnScratch } from '../../../../engine/model/blocks/feed-forward.ts'
import { modelConfig } from '../../../../engine/model/config/config.ts'
import { cellBytes } from '../../../../engine/model/memory/cells.ts'
import {
  rowsMax,
  type StageLayout,
  stageCells,
  stageMatrices,
  stageVectors,
} from '../../../../engine/model/memory/layout.ts'
import { type PlanOptions, planModel } from '../../../../engine/model/memory/plan.ts'
import { cellBytesOf } from '../../../../engine/model/memory/pool.ts'
import { modelWeights } from '../../../../engine/model/memory/weights.ts'
import { EMBEDDED_MODEL } from '../../started-engine.ts'

const file = openGguf(EMBEDDED_MODEL)
const config = modelConfig(file)
const weights = modelWeights(file, config)
const plan = (options: PlanOptions, cores = 2) => planModel(config, weights, options, cores)

const codeOf = (run: () => unknown): string => {
  try {
    run()
    return 'none'
  } catch (error) {
    return error instanceof TsinferError ? error.code : String(error)
  }
}

/** Start and end of everything the plan places, ascending. */
function regions(layout: StageLayout, lanes: number, rowCount: number): [start: number, end: number][] {
  const strided = ({ address, stride }: { address: number; stride: number }, count: number): [number, number] => [
    address,
    address + stride * count,
  ]
  const cells = stageCells(layout)
  const { attention, feedForward } = layout.scratch as { attention: AttentionScratch; feedForward: FfnScratch }
  const { q, k, v, heads } = attention
  const { gate, up, hidden } = feedForward
  const rows = [q, k, v, heads, layout.projection, gate, up, hidden]
  return [
    ...stageMatrices(layout).map(({ address, tensor }): [number, number] => [address, address + tensor.bytes]),
    ...stageVectors(layout).map(({ address, tensor }): [number, number] => [address, address + tensor.bytes]),
    ...cells.regions.map((region) => strided(region, region.heads * cells.count)),
    ...rows.map((region) => strided(region, rowCount)),
    ...layout.ropes.map(({ tables }) => strided(tables, rowCount)),
    strided(layout.input, layout.range.inputSlots),
    strided(layout.window, lanes),
    strided(attention.kernel, lanes),
    strided(attention.states, config.kvHeads),
    strided(layout.matmulScratch, lanes),
    ...(layout.results ? [strided(layout.results, 2), strided(layout.results.logits, 2)] : []),
  ].sort(([a], [b]) => a - b)
}

test('nothing in a stage memory overlaps, everything is aligned and inside', () => {
  const options = fc.record({
    stages: fc.integer({ min: 1, max: 5 }),
    lanes: fc.integer({ min: 1, max: 5 }),
    context: fc.integer({ min: 1, max: 3000 }),
    chunkRows: fc.integer({ min: 1, max: 512 }),
    sequences: fc.integer({ min: 1, max: 9 }),
  })
  fc.assert(
    fc.property(options, (chosen) => {
      const { stages, sizes } = plan(chosen)
      assert.is(stages.length, chosen.stages)
      assert.is(
        stages.reduce((sum, { layers }) => sum + layers.length, 0),
        config.layerCount,
      )
      for (const layout of stages) {
        let end = 64
        for (const [start, next] of regions(layout, sizes.lanes, rowsMax(sizes))) {
          assert.is(start % 64, 0)
          assert.ok(start >= end, `${start} is inside what ends at ${end}`)
          end = next
        }
        assert.ok(end <= layout.bytes && layout.bytes <= MEMORY_BYTES_MAX)
      }
    }),
    { numRuns: 60 },
  )
})

test('the largest micro-batch has a head in every row, however large the vocabulary', () => {
  for (const vocabularySize of [512, 262144]) {
    for (const chunkRows of [1, 512]) {
      const { sizes, stages } = planModel({ ...config, vocabularySize }, weights, { chunkRows }, 2)
      const { logits, logitsRow } = stages.at(-1)!.results!
      assert.is(sizes.headRowsMax, GROUPS_MAX)
      assert.ok(logitsRow >= vocabularySize * 4 && logits.stride >= logitsRow * GROUPS_MAX)
    }
  }
})

test('the plan follows the cores: one lane for a tiny model, all that are asked for else', () => {
  assert.is(plan({}, 8).sizes.lanes, 1)
  assert.is(plan({ lanes: 3 }, 8).sizes.lanes, 3)
  assert.is(plan({ lanes: 3 }, 2).spins.barrier, 0, 'more lanes than cores never spin')
})

test('the default context is the smaller of the model and 4096; 0 is the model', () => {
  assert.is(plan({}).sizes.contextLength, 2048)
  assert.is(plan({ context: 0 }).sizes.contextLength, 2048)
  assert.is(plan({ context: 77 }).sizes.contextLength, 77)
})

test('a context too large for one memory takes more stages, or is refused when the stages are given', () => {
  const large = { context: 1_000_000 }
  assert.ok(plan(large).stages.length >= 1)
  assert.is(
    codeOf(() => plan({ ...large, sequences: 64, stages: 1 })),
    'option_invalid',
  )
})

test('the cells are those of four contexts, or fewer where memory is short, never less than one', () => {
  const free = (bytes: number) => plan({ context: 512, freeBytes: weightBytes + bytes }).sizes
  const cell = plan({ context: 512 }).stages.reduce((sum, stage) => sum + cellBytesOf(stage), 0)
  const weightBytes = plan({}).weightBytesPerToken
  assert.is(plan({ context: 512 }).sizes.cells, 2048)
  assert.is(free(4 * 2048 * cell).cells, 2048)
  assert.is(free(4 * 2047 * cell).cells, 2047)
  assert.is(free(4 * 600 * cell).cells, 600)
  assert.is(free(4 * 300 * cell).cells, 512)
  assert.is(free(-weightBytes).cells, 512)
  assert.is(free(0).sequences, 32)
})

test('the cells that are left open take no stage more than one context does, and fill no memory', () => {
  const contexts = fc.integer({ min: 1000, max: 1 << 20 })
  fc.assert(
    fc.property(contexts, fc.integer({ min: 1, max: 5 }), (context, stageCount) => {
      const one = codeOf(() => plan({ context, kvCells: context, stages: stageCount }))
      if (one !== 'none')
        return assert.is(
          codeOf(() => plan({ context, stages: stageCount })),
          one,
        )
      const { sizes, stages } = plan({ context, stages: stageCount })
      assert.ok(sizes.cells >= context && sizes.cells <= 4 * context)
      for (const { bytes } of stages) assert.ok(bytes <= MEMORY_BYTES_MAX)
      const isFull = stages.some((stage) => stage.bytes + 32 * cellBytesOf(stage) > MEMORY_BYTES_MAX)
      assert.ok(sizes.cells === 4 * context || isFull, `${sizes.cells} cells, and there is room for more`)
    }),
    { numRuns: 60 },
  )
})

test('a number of cells that is given is kept, and refused where it holds no context or fits no memory', () => {
  const messageOf = (options: PlanOptions) => {
    try {
      return `${plan(options).sizes.cells}`
    } catch (error) {
      assert.is((error as TsinferError).code, 'option_invalid')
      return (error as Error).message
    }
  }
  assert.is(messageOf({ context: 100, kvCells: 100 }), '100')
  assert.is(messageOf({ context: 100, kvCells: 12345, freeBytes: 0 }), '12345')
  assert.is(messageOf({ context: 100, sequences: 3 }), '300')
  assert.is(messageOf({ context: 100, sequences: 3, kvCells: 150 }), '150')
  assert.is(messageOf({ context: 100, kvCells: 99 }), 'kvCells: expected cells for one context, 100 or more, found 99')
  const huge = 'context 100, kvCells 50000000: expected stages of at most 4 GiB each, found no split of 5 layers'
  assert.is(messageOf({ context: 100, kvCells: 50_000_000 }), `${huge} that fits`)
  assert.is(messageOf({ context: 100, kvCells: 50_000_000, stages: 2 }), `${huge} into 2 stages that fits`)
  assert.is(plan({ kvCells: 99 }).sizes.contextLength, 99, 'a context that is left open is no longer than the cells')
  const [one, several] = [{ kvCells: 2_000_000 }, { kvCells: 5_000_000 }].map((of) => plan({ context: 100, ...of }))
  assert.ok(several!.stages.length > one!.stages.length, 'more cells take more stages')
})

test('more stages than the model has layers are refused by name', () => {
  assert.is(plan({ stages: config.layerCount }).stages.length, config.layerCount)
  assert.throws(
    () => plan({ stages: config.layerCount + 1 }),
    (error: Error) => /^stages: expected at most the model's \d+ layers, found/.test(error.message),
  )
})

test('K and V cells have types of their own', () => {
  const { sizes, stages } = plan({ kvTypeK: 'q8_0', kvTypeV: 'f32' })
  assert.equal([sizes.cellTypeK, sizes.cellTypeV], ['q8_0', 'f32'])
  const [k, v] = stageCells(stages[0]!).regions
  assert.is(k!.stride / v!.stride, cellBytes('q8_0', config.headDim) / cellBytes('f32', config.headDim))
  assert.equal(plan({ kvTypeK: 'q8_0' }).sizes.cellTypeV, plan({}).sizes.cellTypeV)
})

test.run()
