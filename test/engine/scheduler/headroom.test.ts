// What pauses cost: of the tokens that are evaluated about a tenth are so again, whatever the lengths of the texts.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HEADROOM } from '../../../engine/limits.ts'
import { IDLE, type SchedulerAction } from '../../../engine/scheduler/events.ts'
import { Headroom } from '../../../engine/scheduler/headroom.ts'
import { Scheduler } from '../../../engine/scheduler/scheduler.ts'
import { BENCH_LIMITS, generate } from './bench.ts'

interface Text {
  readonly prompt: number
  readonly generated: number
  readonly client: number
}

/** Writes all texts, which come at once. Returns the rows that were evaluated, and those that one evaluation of each takes. */
function write(texts: readonly Text[], stages: number, context: number): { rows: number; needed: number } {
  const limits = { stages, cells: context, sequences: 32, contextLength: context, inFlightMax: 2 * stages + 1 }
  const scheduler = new Scheduler({ ...BENCH_LIMITS, ...limits, chunkRows: 64, headRowsMax: 32, headroom: HEADROOM })
  const written = texts.map(() => 0)
  const flying: Extract<SchedulerAction, { kind: 'submit' }>[] = []
  let [rows, needed] = [0, 0]
  const drain = () => {
    for (;;) {
      const action = scheduler.poll()
      if (action === IDLE) return
      if (action.kind === 'submit') {
        flying.push({ ...action, microBatch: { ...action.microBatch } })
        rows += action.microBatch.rows.length
      } else if (action.kind === 'judge') {
        const count = ++written[action.request]!
        scheduler.handle({
          kind: 'token',
          token: (7 * action.request + count) % 99,
          stop: count === texts[action.request]!.generated,
        })
      }
    }
  }
  for (const [request, { prompt, generated, client }] of texts.entries()) {
    const tokens = Array.from({ length: prompt }, (_, i) => (i === 0 ? request : (request + 3 * i) % 900))
    scheduler.handle({ kind: 'request', request, work: generate(tokens, { tokensMax: context, client }) })
    needed += Math.min(context, prompt + generated) - 1
    drain()
  }
  while (flying.length > 0) {
    scheduler.handle({ kind: 'returned', number: flying.shift()!.microBatch.number })
    drain()
  }
  for (const [i, { prompt, generated }] of texts.entries()) assert.is(written[i], Math.min(generated, context - prompt))
  return { rows, needed }
}

/** Lengths of texts: all about the same, of every length, most short and some that fill the context. */
const lengths = (context: number) =>
  fc.constantFrom(
    fc.constant(context),
    fc.integer({ min: 20, max: 100 }),
    fc.integer({ min: 20, max: context }),
    fc.integer({ min: Math.floor(context / 3), max: Math.floor(context / 2) }),
    fc.oneof(
      { arbitrary: fc.integer({ min: 10, max: 60 }), weight: 3 },
      { arbitrary: fc.constant(context), weight: 1 },
    ),
  )

const CONTEXT = 512
const drawn = lengths(CONTEXT).chain((generated) =>
  fc.array(fc.record({ prompt: fc.integer({ min: 1, max: 40 }), generated, client: fc.integer({ min: 0, max: 2 }) }), {
    minLength: 32,
    maxLength: 32,
  }),
)

test('thirty-two texts of unknown length in cells for one: a tenth is evaluated again, and what all cells hold, at most', () => {
  const property = fc.property(drawn, fc.integer({ min: 1, max: 3 }), (texts, stages) => {
    const { rows, needed } = write(texts, stages, CONTEXT)
    const again = rows - needed
    assert.ok(again <= rows / 10 + CONTEXT, `${again} of ${rows} rows`)
  })
  fc.assert(property, { numRuns: 40 })
})

test('what never pauses is never held up', () => {
  const short = Array.from({ length: 32 }, (_, i) => ({ prompt: 10, generated: 50, client: i % 2 }))
  const { rows, needed } = write(short, 1, CONTEXT)
  assert.is(rows, needed)
})

test('headroom grows by what is lost beyond a tenth, and comes back', () => {
  const headroom = new Headroom({ ...BENCH_LIMITS, cells: 100, headroom: 64 })
  headroom.evaluated(500)
  assert.is(headroom.tokens, 64)
  headroom.lost(60)
  assert.is(headroom.tokens, 64 + 10)
  headroom.foundAgain(5)
  assert.is(headroom.tokens, 64 + 5)
  headroom.evaluated(40)
  assert.is(headroom.tokens, 64 + 1)
  headroom.evaluated(1_000_000)
  headroom.lost(101)
  assert.is(headroom.tokens, 64 + 1, 'no more is saved up than all cells')
})

test.run()
