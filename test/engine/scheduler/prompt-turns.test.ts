// Whose prompt is evaluated next: clients in turn, interactive ones before batch work, and no room is left empty.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GenerateWork, SchedulerLimits } from '../../../engine/scheduler/events.ts'
import { BATCH_TURN } from '../../../engine/scheduler/turns.ts'
import { Bench, generate } from './bench.ts'

/** Nothing but prompts: a micro-batch at a time, and every text ends with its first token. */
class Prompts {
  readonly bench: Bench
  /** Rows of each request in every micro-batch, in the order of their groups. */
  readonly submitted: (readonly (readonly [request: number, rows: number])[])[] = []

  constructor(limits: Partial<SchedulerLimits> = {}) {
    const roomy = { cells: 1024, contextLength: 128, sequences: 32, headRowsMax: 32, headroom: 0, inFlightMax: 1 }
    this.bench = new Bench({ ...roomy, ...limits })
  }

  get requests() {
    return this.bench.scheduler.insides.requests
  }

  request(request: number, length: number, more: Partial<GenerateWork> = {}): void {
    const prompt = Array.from({ length }, (_, i) => (request * 31 + i) % 1000)
    this.#note(this.bench.request(request, generate(prompt, { tokensMax: 1, ...more })))
  }

  step(): void {
    this.#note(this.bench.run(1))
  }

  end(): void {
    for (let step = 0; step < 5000 && this.requests.size > 0; step++) this.step()
    assert.is(this.requests.size, 0, 'requests are left over')
  }

  /** Requests whose prompts have rows left to submit. */
  get open() {
    return [...this.requests.values()].filter(({ sequences }) => sequences[0]!.phase === 'prefill')
  }

  #note(lines: readonly string[]): void {
    if (!lines.some((line) => line.startsWith('submit'))) return
    const { groups } = this.bench.scheduler.insides.runTable.flights.at(-1)!
    this.submitted.push(groups.map(({ owner, count }) => [owner.request.id, count]))
  }
}

test('a client with one prompt does not wait for all of a client with many', () => {
  const prompts = new Prompts()
  for (const request of [0, 1, 2, 3]) prompts.request(request, 8, { client: 1 })
  prompts.request(4, 8, { client: 2 })
  prompts.end()
  assert.equal(
    prompts.submitted,
    [0, 0, 4, 1, 4, 2, 3, 1, 2, 3].map((request) => [[request, 4]]),
  )
})

test('batch prompts have what interactive ones leave, and what comes later goes before them', () => {
  const prompts = new Prompts()
  prompts.request(0, 9, { priority: 'batch' })
  prompts.request(1, 5)
  prompts.request(2, 4, { client: 1 })
  prompts.step()
  prompts.step()
  prompts.request(3, 4, { client: 2 })
  prompts.end()
  const [first, ...others] = prompts.submitted
  assert.equal(first, [[0, 4]], 'while nobody else is there')
  assert.equal(others, [
    [[1, 4]],
    [[2, 4]],
    [
      [1, 1],
      [3, 3],
    ],
    [
      [3, 1],
      [0, 3],
    ],
    [[0, 2]],
  ])
})

test('no batch row goes before an interactive one, and no room is empty while there are rows', () => {
  const asked = fc.record({
    client: fc.integer({ min: 0, max: 2 }),
    priority: fc.constantFrom('interactive' as const, 'batch' as const),
    length: fc.integer({ min: 1, max: 14 }),
    steps: fc.constantFrom(0, 0, 1, 3),
  })
  let [batchRows, interactiveRows] = [0, 0]
  const property = fc.property(
    fc.integer({ min: 1, max: 9 }),
    fc.array(asked, { minLength: 2, maxLength: 30 }),
    (chunkRows, requests) => {
      const prompts = new Prompts({ chunkRows })
      const check = (isBatch: ReadonlySet<number>) => {
        const rows = prompts.submitted.at(-1)!
        const ofBatch = rows.filter(([request]) => isBatch.has(request)).length
        if (ofBatch > 0) assert.not(prompts.open.some(({ priority }) => priority === 'interactive'))
        batchRows += ofBatch
        interactiveRows += rows.length - ofBatch
        const count = rows.reduce((sum, [, own]) => sum + own, 0)
        assert.ok(count === chunkRows || prompts.open.length === 0, `${count} rows of ${chunkRows}`)
      }
      const step = () => {
        const { length } = prompts.submitted
        const batch = [...prompts.requests.values()].filter(({ priority }) => priority === 'batch')
        prompts.step()
        if (prompts.submitted.length > length) check(new Set(batch.map(({ id }) => id)))
      }
      for (const [request, { client, priority, length, steps }] of requests.entries()) {
        prompts.request(request, length, { client, priority })
        for (let i = 0; i < steps; i++) step()
      }
      for (let i = 0; i < 500 && prompts.requests.size > 0; i++) step()
      assert.is(prompts.requests.size, 0)
    },
  )
  fc.assert(property, { numRuns: 300 })
  assert.ok(batchRows > 300 && interactiveRows > 300, `${batchRows} and ${interactiveRows}`)
})

test('a batch prompt that an interactive one waits for takes turns like that one, as far as it is waited for', () => {
  const prompts = new Prompts()
  const common = Array.from({ length: 48 }, (_, i) => 500 + i)
  prompts.request(0, 0, { prompt: common, priority: 'batch', client: 1 })
  prompts.request(1, 64, { client: 2 })
  prompts.request(2, 0, { prompt: [...common.slice(0, 16), 7, 8, 9, 10], client: 1 })
  prompts.end()
  const order = prompts.submitted.map((rows) => rows.map(([request]) => request).join())
  const waits = order.indexOf('2')
  assert.equal(order.slice(0, waits), ['0', '0', '1', '0', '1', '0', '1'])
  assert.equal(new Set(order.slice(waits + 1)), new Set(['1', '0']))
  assert.ok(order.lastIndexOf('1') < order.indexOf('0', waits), 'then it is batch work again')
})

test('under interactive prompts without end a batch prompt is evaluated when its turn has come', () => {
  const prompts = new Prompts()
  prompts.request(1000, 12, { priority: 'batch', client: 1 })
  const begun = () => prompts.requests.get(1000)?.sequences[0]?.committedLength ?? 12
  const lengths: number[] = []
  for (let request = 0; request < 2 * BATCH_TURN; request++) {
    prompts.request(request, 8, { client: 2 })
    prompts.step()
    lengths.push(begun())
  }
  assert.equal(new Set(lengths.slice(0, BATCH_TURN - 2)), new Set([4]), 'it waits')
  assert.is(lengths[BATCH_TURN + 3], 12, 'and then takes turns with them')
  assert.ok(prompts.open.length > 0, 'there were always others')
  prompts.end()
})

test.run()
