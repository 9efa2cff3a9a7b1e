// Several readers of one stream: every item goes to exactly one of them, and nobody waits for ever.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RequestStream } from '../../engine/request-stream.ts'

const nothing = () => {}

test('two readers: two next() at once both get their share', async () => {
  const stream = new RequestStream<number>(nothing)
  const both = [stream.next(), stream.next()]
  stream.push(1)
  stream.push(2)
  assert.equal(
    (await Promise.all(both)).map(({ value }) => value),
    [1, 2],
  )
  const last = [stream.next(), stream.next()]
  stream.finish()
  assert.equal(
    (await Promise.all(last)).map(({ done }) => done),
    [true, true],
  )
})

test('two readers: a failure reaches all who wait, after everything that came before it', async () => {
  const stream = new RequestStream<number>(nothing)
  const waiting = [stream.next(), stream.next(), stream.next()]
  stream.push(1)
  stream.fail(new Error('broken'))
  const settled = await Promise.allSettled(waiting)
  assert.equal(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  await stream.next().then(
    () => assert.unreachable(),
    ({ message }) => assert.is(message, 'broken'),
  )
})

test('two readers: when one leaves, the other ends', async () => {
  let left = 0
  const stream = new RequestStream<number>(() => left++)
  const waiting = stream.next()
  await stream.return()
  assert.is((await waiting).done, true)
  assert.is(left, 1)
})

test('two readers: each item goes to one call, in the order of the calls, whatever comes first', async () => {
  const steps = fc.array(fc.constantFrom('push', 'next', 'pause'), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom('finish', 'fail'), async (order, end) => {
      const stream = new RequestStream<number>(nothing)
      const answers: Promise<string>[] = []
      const ask = () =>
        answers.push(
          stream.next().then(
            ({ done, value }) => (done ? 'done' : String(value)),
            () => 'failed',
          ),
        )
      let pushed = 0
      for (const step of order) {
        if (step === 'push') stream.push(pushed++)
        else if (step === 'next') ask()
        else await new Promise((resolve) => setImmediate(resolve))
      }
      if (end === 'finish') stream.finish()
      else stream.fail(new Error('broken'))
      while (answers.length < pushed + 1) ask()
      const expected = answers.map((_, i) => (i < pushed ? String(i) : end === 'finish' ? 'done' : 'failed'))
      assert.equal(await Promise.all(answers), expected)
    }),
  )
})

test.run()
