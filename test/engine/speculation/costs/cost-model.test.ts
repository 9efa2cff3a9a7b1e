import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { uniformDraws } from '../../../../bench/forge/random.ts'
import { CostModel } from '../../../../engine/speculation/costs/cost-model.ts'
import type { CostShape } from '../../../../engine/speculation/costs/cost-shape.ts'

const ROWS = [1, 2, 4, 8, 16, 32, 64]
/** Two stages, the second of which has the head. */
const SHAPE = {
  rows: ROWS,
  stageUs: [
    [10_000, 11_000, 15_000, 26_000, 50_000, 98_000, 190_000],
    [12_000, 13_000, 18_000, 30_000, 60_000, 120_000, 200_000],
  ],
}
const SHARE = 1e-3

function newModel(shape: CostShape = SHAPE, readingShare = SHARE): CostModel {
  const model = new CostModel(2, readingShare)
  model.takeShape(shape)
  return model
}

/** A machine that takes what the shape says, by `factor`, and what reading a position takes of a one-row step. */
const machine =
  ({ factor = 1, share = SHARE }) =>
  (rows: number, positions: number): number[] =>
    SHAPE.stageUs.map((us) => factor * (us[ROWS.indexOf(rows)]! + share * us[0]! * positions))

const slowest = (us: readonly number[]) => Math.max(...us)
const near = (found: number, wanted: number, share: number) =>
  assert.ok(Math.abs(found / wanted - 1) <= share, `${found}, not ${wanted}`)

test('a fresh model says what was measured at the slowest stage', () => {
  const model = newModel()
  for (const [knot, rows] of ROWS.entries()) assert.is(model.stepUs(rows, 0), SHAPE.stageUs[1]![knot])
  assert.is(model.stepUs(1, 500), 12_000 + 6_000)
  assert.is(model.stepUs(3, 0), 15_500)
  // By then the first stage is the slowest.
  assert.is(model.stepUs(128, 0), 374_000)
})

test('nothing is known: all is free, until a time comes', () => {
  const model = new CostModel(1, SHARE)
  assert.is(model.stepUs(64, 1000), 1)
  model.note(1, 1, [10_000])
  assert.is(model.stepUs(1, 0), 10_000)
})

test('whatever is noted, prices are integers that never fall with rows or positions', () => {
  const us = fc.oneof(
    fc.integer({ min: 0, max: 1e7 }),
    fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, 1e-300, undefined as unknown as number),
  )
  const step = fc.tuple(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 1 << 20 }), us, us)
  const some = fc.integer({ min: 1, max: 600 })
  const models = fc.constantFrom(
    newModel,
    () => new CostModel(2, SHARE),
    () => newModel(SHAPE, 0),
  )
  fc.assert(
    fc.property(
      models,
      fc.array(step, { maxLength: 60 }),
      some,
      some,
      fc.integer({ min: 0, max: 1e6 }),
      (make, ...of) => {
        const [steps, a, b, positions] = of
        const model = make()
        for (const [rows, read, first, second] of steps) model.note(rows, read, [first, second])
        const [few, many] = a < b ? [a, b] : [b, a]
        const price = model.stepUs(few, positions)
        assert.ok(Number.isSafeInteger(price) && price >= 1, `${price}`)
        assert.ok(model.stepUs(many, positions) >= price)
        assert.ok(model.stepUs(few, positions + few) >= price)
      },
    ),
    { numRuns: 500 },
  )
})

test('a machine that becomes twice as slow, and fast again, is followed within three steps', () => {
  const model = newModel()
  for (const factor of [1, 2, 0.5, 1]) {
    const on = machine({ factor })
    for (const rows of [1, 8, 2]) model.note(rows, rows, on(rows, rows))
    for (const rows of ROWS) near(model.stepUs(rows, 0), factor * SHAPE.stageUs[1]![ROWS.indexOf(rows)]!, 0.01)
  }
})

test('two steps of five that are far off move nothing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (first, second) => {
      const model = newModel()
      const on = machine({})
      for (const us of [undefined, first, undefined, second, undefined]) {
        model.note(4, 4, us === undefined ? on(4, 4) : [us, us])
        near(model.stepUs(4, 4), 18_048, 0.01)
      }
    }),
  )
})

test('what reading takes is learned from texts of different lengths, and not from a machine that changes', () => {
  for (const share of [SHARE / 8, SHARE * 6]) {
    const model = newModel()
    const on = machine({ share })
    const draw = uniformDraws(7)
    for (let text = 0; text < 12; text++) {
      const positions = text % 2 === 0 ? 50 : 4000
      for (let step = 0; step < 100; step++) {
        const noise = 0.97 + 0.06 * draw()
        model.note(
          1,
          positions,
          on(1, positions).map((us) => us * noise),
        )
      }
    }
    for (const positions of [1, 1000, 4000]) {
      model.note(1, positions, on(1, positions))
      model.note(1, positions, on(1, positions))
      model.note(1, positions, on(1, positions))
      near(model.stepUs(1, positions), slowest(on(1, positions)), 0.05)
      // Elsewhere, too: only what reading takes can be right there.
      near(model.stepUs(1, 2000), slowest(on(1, 2000)), 0.35)
    }
  }
  const model = newModel()
  for (let step = 0; step < 2000; step++) {
    const on = machine({ factor: step % 500 < 250 ? 1 : 2 })
    model.note(1, 1000, on(1, 1000))
  }
  near(model.stepUs(1, 4000) / model.stepUs(1, 1000), 60_000 / 24_000, 0.1)
})

test('a shape that ends early gets further knots from live times, the least of the first', () => {
  const model = newModel({ rows: [1, 2], stageUs: SHAPE.stageUs.map((us) => us.slice(0, 2)) })
  const on = machine({})
  for (const disturbed of [3, 1, 1.2, 2])
    model.note(
      64,
      64,
      on(64, 64).map((us) => us * disturbed),
    )
  near(model.stepUs(64, 64), slowest(on(64, 64)), 0.01)
  assert.is(model.stepUs(1, 0), 12_000)
  assert.is(model.stepUs(2, 0), 13_000)
  // From now on such times move the factor, and two of them not even that.
  for (let i = 0; i < 2; i++)
    model.note(
      64,
      64,
      on(64, 64).map((us) => us / 2),
    )
  near(model.stepUs(64, 64), slowest(on(64, 64)), 0.01)
})

test('without a shape its ends come from live times, whichever comes first', () => {
  const on = machine({})
  for (const order of [
    [1, 64],
    [64, 1],
    [8, 64, 1],
  ]) {
    const model = new CostModel(2, SHARE)
    for (let round = 0; round < 8; round++) {
      for (const rows of order)
        model.note(
          rows,
          rows,
          on(rows, rows).map((us) => (round % 4 === 1 ? 2 * us : us)),
        )
    }
    for (const rows of [1, 64]) near(model.stepUs(rows, rows), slowest(on(rows, rows)), 0.03)
  }
})

test.run()
