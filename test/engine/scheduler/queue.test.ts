// The queue is bounded: one request too many is refused, and nothing else happens.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { Bench, generate } from './bench.ts'

/** Whether it was taken; what else is thrown is a fault. */
function isTaken(ask: () => unknown, message: string): boolean {
  try {
    ask()
    return true
  } catch (error) {
    assert.instance(error, TsinferError)
    assert.equal([(error as TsinferError).code, (error as Error).message], ['queue_full', message])
    return false
  }
}

test('a request is refused exactly when so many wait; those that pause do not count, and all that were taken end', () => {
  const asked = fc.record({
    client: fc.integer({ min: 0, max: 2 }),
    priority: fc.constantFrom('interactive' as const, 'batch' as const),
    kind: fc.constantFrom('generate', 'generate', 'generate', 'restore'),
    length: fc.integer({ min: 1, max: 12 }),
    tokensMax: fc.integer({ min: 1, max: 20 }),
    steps: fc.constantFrom(0, 0, 0, 1, 5),
    abort: fc.constantFrom(-1, -1, 1, 4),
  })
  const [queues, lists] = [fc.integer({ min: 1, max: 4 }), fc.array(asked, { minLength: 5, maxLength: 60 })]
  let [refused, paused] = [0, 0]
  const property = fc.property(queues, lists, (queueMax, requests) => {
    const b = new Bench({ queueMax, cells: 40, contextLength: 32, sequences: 3, headroom: 0 })
    const { admission, requests: running, transfers } = b.scheduler.insides
    const taken = new Set<number>()
    const waiting = () => [...taken].filter((request) => admission.isWaiting(request)).length
    for (const [request, { client, priority, kind, length, tokensMax, steps, abort }] of requests.entries()) {
      const prompt = Array.from({ length }, (_, i) => request + i)
      const work =
        kind === 'generate'
          ? generate(prompt, { client, priority, tokensMax })
          : ({ kind: 'restore', prompt, session: request } as const)
      const before = waiting()
      paused += admission.waitingCount - before
      const message = `expected fewer than ${queueMax} requests waiting (queueMax), found ${before}`
      const isIn = isTaken(() => b.request(request, work), message)
      assert.is(isIn, before < queueMax)
      if (isIn) taken.add(request)
      else refused++
      assert.is(running.has(request) || admission.isWaiting(request) || transfers.live.has(request), isIn)
      // Whoever waits and leaves makes room for one at once.
      const left = request - abort
      if (abort > 0 && taken.has(left)) b.abort(left)
      assert.not(admission.isWaiting(left) && abort > 0)
      b.run(steps)
    }
    for (let step = 0; step < 5000 && (running.size > 0 || admission.waitingCount > 0); step++) {
      for (const transfer of transfers.live.keys()) b.abort(transfer)
      b.run(1)
    }
    for (const transfer of transfers.live.keys()) b.abort(transfer)
    assert.equal([running.size, admission.waitingCount, b.available], [0, 0, 40])
  })
  fc.assert(property, { numRuns: 200 })
  assert.ok(refused > 100, `${refused} were refused`)
  assert.ok(paused > 0, 'nobody paused')
})

test('without a bound as many wait as come', () => {
  const b = new Bench({ sequences: 1 })
  for (let request = 0; request < 3000; request++) b.request(request, generate([1], { tokensMax: 1 }))
  assert.is(b.scheduler.insides.admission.waitingCount, 2999)
})

test.run()
