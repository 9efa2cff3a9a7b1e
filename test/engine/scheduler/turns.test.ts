// Whose turn it is: clients side by side, interactive before batch, and nobody for ever behind others.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Priority } from '../../../engine/domain.ts'
import type { GenerateWork, SchedulerLimits } from '../../../engine/scheduler/events.ts'
import { BATCH_TURN, Turns } from '../../../engine/scheduler/turns.ts'
import { Bench, generate } from './bench.ts'

interface Asked {
  readonly request: number
  readonly client: number
  readonly priority: Priority
  /** Its place among the interactive requests of its client that waited when it came. */
  readonly place: number
  /** Batch requests that were there when it came, and how many have been admitted since. */
  readonly batchAhead: number
  batchSince: number
  /** Interactive requests admitted since it came, by client. */
  readonly since: Map<number, number>
}

/** Looks at every admission, and that nobody is passed over for longer than the laws say. */
class Watched {
  readonly #bench: Bench
  readonly #waiting = new Map<number, Asked>()
  readonly #admitted = new Set<number>()
  readonly order: number[] = []

  constructor(limits: Partial<SchedulerLimits>) {
    this.#bench = new Bench(limits)
  }

  get requests() {
    return this.#bench.scheduler.insides.requests
  }

  get isIdle(): boolean {
    return this.requests.size === 0 && this.#waiting.size === 0
  }

  request(request: number, work: GenerateWork): void {
    const { client = 0, priority = 'interactive' } = work
    const waiting = [...this.#waiting.values()]
    const alike = waiting.filter((other) => other.client === client && other.priority === 'interactive')
    const running = [...this.requests.values()].filter((other) => other.priority === 'batch')
    const batchAhead = running.length + waiting.filter((other) => other.priority === 'batch').length
    this.#waiting.set(request, {
      ...{ request, client, priority, place: alike.length + 1, batchAhead, batchSince: 0, since: new Map() },
    })
    this.#bench.request(request, work)
    this.#look()
  }

  abort(request: number): void {
    this.#waiting.delete(request)
    this.#bench.abort(request)
    this.#look()
  }

  step(): void {
    this.#bench.run(1)
    this.#look()
  }

  #look(): void {
    for (const request of this.requests.keys()) {
      if (this.#admitted.has(request)) continue
      this.#admitted.add(request)
      this.order.push(request)
      const { client, priority } = this.#waiting.get(request)!
      this.#waiting.delete(request)
      for (const other of this.#waiting.values()) {
        if (priority === 'batch') other.batchSince++
        else other.since.set(client, (other.since.get(client) ?? 0) + 1)
        this.#check(other)
      }
    }
  }

  #check({ request, client, priority, place, batchAhead, batchSince, since }: Asked): void {
    const interactive = [...since.values()].reduce((sum, count) => sum + count, 0)
    if (priority === 'batch') {
      const most = (BATCH_TURN - 1) * (batchAhead + batchSince + 1)
      assert.ok(
        interactive <= most,
        `batch request ${request}: ${interactive} interactive ones of ${most} got in before`,
      )
      return
    }
    for (const [other, count] of since) {
      const most = other === client ? place - 1 : place
      assert.ok(count <= most, `request ${request}: client ${other} got ${count} of ${most} in before`)
    }
    assert.ok(batchSince <= interactive / (BATCH_TURN - 1) + 1, `request ${request}: ${batchSince} batch ones got in`)
  }
}

test('however many ask, each client and each batch request gets in within bounds, and all end', () => {
  const limits = fc.record({
    cells: fc.integer({ min: 32, max: 96 }),
    sequences: fc.integer({ min: 1, max: 4 }),
    contextLength: fc.constant(32),
    headroom: fc.constantFrom(0, 4, 64),
  })
  const asked = fc.record({
    client: fc.constantFrom(0, 0, 0, 1, 2),
    priority: fc.constantFrom('interactive', 'interactive', 'interactive', 'batch'),
    length: fc.integer({ min: 1, max: 12 }),
    tokensMax: fc.integer({ min: 1, max: 30 }),
    choices: fc.constantFrom(1, 1, 1, 2),
    steps: fc.constantFrom(0, 0, 0, 1, 5),
    abort: fc.constantFrom(-1, -1, -1, 1, 4),
  } as const)
  const property = fc.property(limits, fc.array(asked, { minLength: 1, maxLength: 150 }), (drawn, requests) => {
    const watched = new Watched(drawn)
    for (const [request, { length, steps, abort, client, priority, tokensMax, choices }] of requests.entries()) {
      const prompt = Array.from({ length }, (_, i) => request + i)
      const most = { choices: Math.min(choices, drawn.sequences), tokensMax, client }
      watched.request(request, generate(prompt, { ...most, priority: priority as Priority }))
      if (abort >= 0 && request >= abort) watched.abort(request - abort)
      for (let step = 0; step < steps; step++) watched.step()
    }
    for (let step = 0; step < 40_000 && !watched.isIdle; step++) watched.step()
    assert.ok(watched.isIdle, 'requests are left over')
  })
  fc.assert(property, { numRuns: 300 })
})

test('a client with one request goes before the second of a client with a hundred', () => {
  const watched = new Watched({ sequences: 1 })
  for (let request = 0; request < 100; request++) watched.request(request, generate([1], { client: 1, tokensMax: 1 }))
  watched.request(100, generate([1], { client: 2, tokensMax: 1 }))
  while (!watched.isIdle) watched.step()
  assert.equal(watched.order.slice(0, 4), [0, 1, 100, 2])
})

test('under interactive requests without end every twentieth request is a batch request', () => {
  const watched = new Watched({ sequences: 1 })
  const batch = Array.from({ length: 3 }, (_, i) => 1000 + i)
  watched.request(0, generate([1], { tokensMax: 1 }))
  for (const request of batch) watched.request(request, generate([1], { tokensMax: 1, priority: 'batch' }))
  for (let request = 1; request < 70; request++) {
    watched.request(request, generate([1], { tokensMax: 1 }))
    watched.step()
  }
  const places = batch.map((request) => watched.order.indexOf(request))
  assert.equal(places, [BATCH_TURN, 2 * BATCH_TURN, 3 * BATCH_TURN])
})

test('a batch request that pauses for interactive ones has its cells when its turn has come', () => {
  const watched = new Watched({ cells: 32, contextLength: 32, sequences: 2, headroom: 4 })
  watched.request(1000, generate([1], { tokensMax: 31, priority: 'batch' }))
  let pauses = 0
  for (let request = 0; request < 40; request++) {
    watched.request(request, generate([request + 2], { tokensMax: 20 }))
    for (let step = 0; step < 10; step++) {
      watched.step()
      const [batch] = watched.requests.get(1000)?.sequences ?? []
      pauses = Math.max(pauses, watched.requests.get(1000)?.pauseCount ?? pauses)
      if (batch?.request.priority === 'interactive') assert.ok(watched.order.length >= BATCH_TURN - 1)
    }
  }
  while (watched.requests.has(1000)) watched.step()
  assert.ok(pauses > 0, 'it never paused')
  assert.ok(watched.order.length <= 2 * BATCH_TURN + 2, `it ended when ${watched.order.length} had got in`)
})

test('the last of the client that holds most pauses, not whoever needs a cell', () => {
  const b = new Bench({ cells: 96, contextLength: 64, sequences: 4, headroom: 0, chunkRows: 32 })
  const phases = () =>
    [...b.scheduler.insides.requests.values()].map(({ sequences }) => sequences[0]!.phase === 'paused')
  b.request(1, generate([1], { tokensMax: 60, client: 1 }))
  b.request(2, generate([2], { tokensMax: 60, client: 1 }))
  b.request(3, generate([3], { tokensMax: 60, client: 2 }))
  b.request(4, generate([4], { tokensMax: 60, client: 3 }))
  while (!phases().includes(true)) b.run(1)
  assert.equal(phases(), [false, true, false, false])
  b.run()
  assert.is(b.available, 96)
})

test('batch work pauses before interactive work that holds more', () => {
  const b = new Bench({ cells: 80, contextLength: 64, sequences: 3, headroom: 0, chunkRows: 32 })
  const phases = () =>
    [...b.scheduler.insides.requests.values()].map(({ sequences }) => sequences[0]!.phase === 'paused')
  b.request(1, generate([1], { tokensMax: 60, client: 1, priority: 'batch' }))
  for (const request of [2, 3]) {
    b.request(
      request,
      generate(
        Array.from({ length: 20 }, (_, i) => i + request),
        { tokensMax: 40, client: 2 },
      ),
    )
  }
  while (!phases().includes(true)) b.run(1)
  assert.equal(phases(), [true, false, false])
  b.run()
  assert.is(b.available, 80)
})

test('turns: clients in turn, each in order, and who was not served loses no turn', () => {
  const turns = new Turns<{ readonly client: number; readonly name: string }>()
  const items = ['1a', '1b', '2a', '3a', '3b'].map((name) => ({ client: Number(name[0]), name }))
  for (const item of items) turns.add(item)
  assert.is(turns.count, 5)
  const rounds = (may: (name: string) => boolean) => turns.rounds(({ name }) => may(name)).map(({ name }) => name)
  assert.equal(
    rounds(() => true),
    ['1a', '2a', '3a', '1b', '3b'],
  )
  assert.equal(
    rounds((name) => name !== '1a' && name !== '2a'),
    ['1b', '3a', '3b'],
    'who may not go costs no turn',
  )
  assert.equal(
    rounds(() => false),
    [],
  )
  const order: string[] = []
  turns.remove(items[2]!)
  for (;;) {
    const { first } = turns
    if (!first) break
    order.push(first.name)
    turns.take(first)
  }
  assert.equal(order, ['1a', '3a', '1b', '3b'])
})

test.run()
