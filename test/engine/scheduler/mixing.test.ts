// Rows of prompts in the micro-batches of others: who gets in, and what it may cost.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MicroBatch } from '../../../engine/domain.ts'
import { IDLE, type SchedulerLimits } from '../../../engine/scheduler/events.ts'
import { PromptRoom, readBy } from '../../../engine/scheduler/prompt-room.ts'
import { Scheduler } from '../../../engine/scheduler/scheduler.ts'
import type { StepPrices } from '../../../engine/speculation/prices.ts'
import { Bench, generate } from './bench.ts'

const tokens = (count: number, first = 10) => Array.from({ length: count }, (_, i) => first + i)
const submits = (lines: string[]) => lines.filter((line) => line.startsWith('submit'))
/** How many rows of each sequence are in each micro-batch. */
const rowsBySequence = (lines: string[]) =>
  submits(lines).map((line) => {
    const counts: Record<string, number> = {}
    for (const [, sequence] of line.matchAll(/\d+@(\d+):/g)) counts[sequence!] = (counts[sequence!] ?? 0) + 1
    return counts
  })

test('decoding goes on beside long prompts, which take turns in its steps', () => {
  const b = new Bench({ cells: 128, inFlightMax: 4 })
  b.request(1, generate([5], { tokensMax: 20 }))
  b.run(1)
  b.request(2, generate(tokens(16)))
  b.request(3, generate(tokens(16, 100)))
  const steps = [{ 0: 1, 1: 4 }, { 0: 1, 2: 4 }] // biome-ignore format: one line reads better
  assert.equal(rowsBySequence(b.run(6)), [...steps, ...steps, ...steps])
})

test('a turn is a chunk of rows, in however many steps: of short prompts the first ends before the next begins', () => {
  const b = new Bench({ cells: 128, inFlightMax: 4, chunkRows: 8 }, pricesOf(0, 100, 0))
  b.request(1, generate([5], { tokensMax: 20 }))
  b.run(1)
  b.request(2, generate(tokens(6)))
  b.request(3, generate(tokens(6, 100)))
  // A row beside each that decodes doubles what the step takes.
  assert.equal(rowsBySequence(b.run(6)), Array(6).fill({ 0: 1, 1: 1 }))
  assert.equal(rowsBySequence(b.run(2)), Array(2).fill({ 0: 1, 1: 1, 2: 2 }))
})

test('short prompts of several requests share a micro-batch, alone and beside decoding, each a group of its own', () => {
  const b = new Bench({ cells: 64, sequences: 4, chunkRows: 8, inFlightMax: 1 })
  b.request(1, generate([5, 6]))
  b.request(2, generate([7, 8, 9]))
  assert.equal(submits(b.request(3, generate([3, 4]))), [])
  assert.equal(submits(b.run(1)), ['submit 1 9@0:2+top | 7@1:0 8@1:1 9@1:2+top | 3@2:0 4@2:1+top'])
  // An abort of the prompt in the middle takes nobody along.
  assert.equal(b.abort(2), ['cancel 1 2', 'finish 2.0 aborted'])
  const lines = b.run()
  assert.is(lines.filter((line) => line.startsWith('emit')).length, 5)
  assert.ok(['done 1', 'done 2', 'done 3'].every((line) => lines.includes(line)))
})

test('a fault of one prompt in a shared micro-batch is nobody else’s', () => {
  const b = new Bench({ chunkRows: 8, inFlightMax: 1 })
  b.request(1, generate([5, 6]))
  b.request(2, generate([7, 8, 9]))
  b.request(3, generate([3, 4]))
  b.run(1)
  assert.equal(b.returned(1, 0b010)[0], 'fault 2')
})

test('where every head is taken by those who decode, prompts have every other micro-batch', () => {
  const b = new Bench({ headRowsMax: 1, cells: 64 })
  b.request(1, generate([5], { tokensMax: 20 }))
  b.run(1)
  b.request(2, generate([7]))
  const lines = b.run(4)
  assert.ok(lines.includes('emit 2.0 9'), lines.join('\n'))
  assert.ok(lines.filter((line) => line === 'emit 1.0 9').length >= 2)
})

test('beside fewer sequences than stages prompts fill the idle ones, and no more micro-batches are in flight than stages', () => {
  const b = new Bench({ stages: 3, inFlightMax: 7, cells: 128, contextLength: 64 })
  b.request(1, generate([5], { tokensMax: 20 }))
  b.run(1)
  b.request(2, generate(tokens(60)))
  for (let step = 0; step < 8; step++) {
    assert.is(b.scheduler.insides.runTable.flights.length, 3)
    b.run(1)
  }
})

/** Some rows cost as much as one, then each costs the same; what is read costs a little. */
const pricesOf = (base: number, perRow: number, perPosition: number): StepPrices => ({
  stepUs: (rows, positions) => Math.max(base, rows * perRow) + positions * perPosition,
})

const prices = fc
  .tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 9000 }), fc.integer({ min: 0, max: 20 }))
  .map((each) => pricesOf(...each))

test('a step with prompts is within its price, or has only the rows that are always theirs; one row more would not fit', () => {
  fc.assert(
    fc.property(
      prices,
      fc.record({
        rows: fc.integer({ min: 1, max: 32 }),
        length: fc.integer({ min: 1, max: 4000 }),
        from: fc.integer({ min: 0, max: 4000 }),
        gapPercent: fc.integer({ min: 100, max: 400 }),
      }),
      (price, { rows, length, from, gapPercent }) => {
        const most = 64
        const step = { rows, positions: rows * length }
        const count = PromptRoom.beside(price, most, gapPercent, step).take(from, most)
        const us = (more: number) => price.stepUs(rows + more, step.positions + readBy(from, more))
        const allowed = (us(0) * gapPercent) / 100
        assert.ok(count >= 1 && count <= most)
        assert.ok(count >= Math.min(most, Math.ceil(rows / 3)), 'a quarter of all rows')
        const knee = price.stepUs(rows + count, rows + count) <= price.stepUs(1, 1) * 1.25
        assert.ok(us(count) <= allowed || knee || count === Math.ceil(rows / 3), 'dearer than it may be')
        assert.ok(count === most || us(count + 1) > Math.floor(allowed), 'a row more would have fitted')
      },
    ),
  )
})

test('prompts alone go in chunks of at most 250 ms, unless those have only 32 rows', () => {
  fc.assert(
    fc.property(prices, fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 512 }), (price, from, most) => {
      const count = PromptRoom.alone(price, most).take(from, most)
      const us = price.stepUs(count, readBy(from, count))
      assert.ok(count === Math.min(32, most) || (count > 32 && us <= 250_000), `${count} rows take ${us}`)
      assert.ok(count === most || price.stepUs(count + 1, readBy(from, count + 1)) > 250_000)
    }),
  )
})

test('several prompts together cost no more than one', () => {
  fc.assert(
    fc.property(prices, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 9 }), (price, lengths) => {
      const step = { rows: 4, positions: 400 }
      const room = PromptRoom.beside(price, 64, 200, step)
      const counts = lengths.map((length) => room.take(0, length))
      const together = counts.reduce((sum, count) => sum + count, 0)
      const positions = counts.reduce((sum, count) => sum + readBy(0, count), step.positions)
      const alone = PromptRoom.beside(price, 64, 200, step).take(0, 64)
      assert.ok(together <= 64)
      assert.ok(together <= alone || price.stepUs(4 + together, positions) <= 2 * price.stepUs(4, 400))
    }),
  )
})

const LIMITS: SchedulerLimits = {
  ...{ stages: 1, cells: 4096, sequences: 16, contextLength: 1024, inFlightMax: 3, chunkRows: 64, headRowsMax: 32 },
  ...{ headroom: 64, gapPercent: 200, vocabularySize: 1000 },
}

/** One stage that takes exactly what prices say: how long a prompt of 512 takes beside `decoding` requests, and its steps. */
function runBeside(price: StepPrices, gapPercent: number, decoding: number) {
  const scheduler = new Scheduler({ ...LIMITS, gapPercent }, { prices: price })
  const flying: { readonly number: MicroBatch['number']; readonly us: number; readonly withPrompt: boolean }[] = []
  let isOver = false
  let prompt = 0
  const drain = () => {
    for (let action = scheduler.poll(); action !== IDLE; action = scheduler.poll()) {
      if (action.kind === 'submit') {
        const { rows, number } = action.microBatch
        const positions = rows.reduce((sum, { position }) => sum + position + 1, 0)
        flying.push({ number, us: price.stepUs(rows.length, positions), withPrompt: rows.some(({ sequence }) => sequence === prompt) }) // biome-ignore format: one line reads better
      } else if (action.kind === 'judge') {
        if (action.request === 100) isOver = true
        scheduler.handle({ kind: 'token', token: 9, stop: action.request === 100 })
      }
    }
  }
  const step = () => {
    const flight = flying.shift()!
    scheduler.handle({ kind: 'returned', number: flight.number })
    drain()
    return flight
  }
  for (let id = 0; id < decoding; id++) {
    scheduler.handle({ kind: 'request', request: id, work: generate([20 + id], { tokensMax: 500 }) })
    drain()
  }
  for (let i = 0; i < 100; i++) step()
  const before = decoding > 0 ? step().us : 0
  prompt = decoding
  scheduler.handle({ kind: 'request', request: 100, work: generate(tokens(512, 100)) })
  drain()
  const steps: number[] = []
  while (!isOver) steps.push(step().us)
  return { before, steps, us: steps.reduce((sum, us) => sum + us, 0) }
}

test('beside seven requests that decode a prompt has its share of the speed, and their steps are bounded', () => {
  // About what a model of a billion parameters takes on two cores, and one whose rows all cost.
  for (const price of [pricesOf(60_000, 5000, 1), pricesOf(60_000, 12_000, 2)]) {
    const alone = promptAlone(price)
    for (const gap of [1.5, 2, 3]) {
      const { before, steps, us } = runBeside(price, gap * 100, 7)
      assert.ok(Math.max(...steps) <= before * gap * 1.01, `${Math.max(...steps)} us, ${before} before, gap ${gap}`)
      assert.ok(alone / us >= 0.85 * (1 - 1 / gap), `gap ${gap}: ${alone / us} of the speed alone`)
    }
    assert.ok(alone / runBeside(price, 200, 7).us >= 0.45)
  }
})

function promptAlone(price: StepPrices): number {
  let us = 0
  for (let from = 0; from < 512; from += 64) us += price.stepUs(64, readBy(from, 64))
  return us
}

test.run()
