import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'
import { Bench, generate } from './bench.ts'

const tokens = (count: number) => Array.from({ length: count }, (_, i) => i + 10)
const submits = (lines: string[]) => lines.filter((line) => line.startsWith('submit'))

test('one request, from prompt to length', () => {
  const b = new Bench()
  assert.equal(b.request(7, generate([5, 6])), ['map 0 0 [0 1 2 3]', 'submit 0 5@0:0 6@0:1+top'])
  assert.equal(b.returned(0), ['judge 7.0 row 1 position 2'])
  assert.equal(b.token(40), ['submit 1 40@0:2+top', 'emit 7.0 40', 'release 0'])
  assert.equal(b.returned(1), ['judge 7.0 row 0 position 3'])
  assert.equal(b.token(41), ['submit 2 41@0:3+top', 'emit 7.0 41', 'release 1'])
  assert.equal(b.returned(2), ['judge 7.0 row 0 position 4'])
  assert.equal(b.token(42), ['emit 7.0 42', 'finish 7.0 length', 'done 7', 'release 2'])
  assert.is(b.available, 64)
})

test('a stop token is not emitted', () => {
  const b = new Bench()
  b.request(7, generate([5], { head: 'best' }))
  b.returned(0)
  assert.equal(b.token(2, true), ['finish 7.0 stop', 'done 7', 'release 0'])
})

test('a prompt goes in chunks, several in flight, with one head at its end', () => {
  const b = new Bench({ inFlightMax: 3 })
  assert.equal(submits(b.request(1, generate(Int32Array.from(tokens(9)), { tokensMax: 1 }))), [
    'submit 0 10@0:0 11@0:1 12@0:2 13@0:3',
    'submit 1 14@0:4 15@0:5 16@0:6 17@0:7',
    'submit 2 18@0:8+top',
  ])
  assert.equal(b.returned(0), ['release 0'])
  assert.equal(b.returned(1), ['release 1'])
  assert.equal(b.returned(2), ['judge 1.0 row 0 position 9'])
})

test('choices share the cells of the prompt and are drawn from one row', () => {
  const b = new Bench()
  assert.equal(b.request(1, generate([5, 6], { choices: 3 })), [
    'map 0 0 [0 1 2 3]',
    'submit 0 5@0:0 6@0:1+top',
    'map 1 0 [0 1]',
    'map 2 0 [0 1]',
  ])
  assert.equal(b.returned(0), ['judge 1.0 row 1 position 2'])
  assert.equal(b.token(20), ['emit 1.0 20', 'judge 1.1 row 1 position 2'])
  assert.equal(b.token(21, true), ['finish 1.1 stop', 'judge 1.2 row 1 position 2'])
  assert.equal(b.token(22), ['map 2 2 [4 5]', 'submit 1 20@0:2+top | 22@2:2+top', 'emit 1.2 22', 'release 0'])
  // Two choices: what the third has left is what they have too, and is not kept besides.
  assert.is(b.scheduler.insides.cells.references(0 as never), 2)
  assert.equal(b.returned(1), ['judge 1.0 row 0 position 3'])
})

test('requests share micro-batches, in groups that keep every stage busy', () => {
  const b = new Bench({ stages: 2, inFlightMax: 4 })
  b.request(1, generate([5], { choices: 4, tokensMax: 5 }))
  assert.equal(submits(b.run(1)), ['submit 1 9@0:1+top | 9@1:1+top', 'submit 2 9@2:1+top | 9@3:1+top'])
  assert.equal(submits(b.run(1)), ['submit 3 9@0:2+top | 9@1:2+top'])
})

test('no micro-batch has more heads than the last stage has room for', () => {
  const b = new Bench({ headRowsMax: 3 })
  b.request(1, generate([5], { choices: 4 }))
  assert.equal(submits(b.run(1)), ['submit 1 9@0:1+top | 9@1:1+top | 9@2:1+top'])
  assert.equal(submits(b.run(1)), ['submit 2 9@3:1+top | 9@0:2+top | 9@1:2+top'])
})

test('a request waits until there is room for its text and for what all will soon need, and is not overtaken', () => {
  const b = new Bench({ cells: 20 })
  assert.equal(submits(b.request(1, generate([5], { tokensMax: 12 }))).length, 1)
  assert.equal(b.request(2, generate([6], { tokensMax: 10 })), [])
  assert.equal(b.request(3, generate([7], { tokensMax: 1 })), [])
  assert.equal(b.abort(3), ['finish 3.0 aborted', 'done 3'])
  assert.equal(b.request(4, generate([8], { tokensMax: 1 })), [])
  const lines = b.run()
  assert.ok(lines.indexOf('done 1') < lines.indexOf('done 2'))
  assert.ok(lines.includes('done 4'))
  assert.is(b.available, 20)
})

test('an abort frees cells at once, and is done when the last row has left the pipeline', () => {
  const b = new Bench({ cells: 12, contextLength: 12 })
  b.request(1, generate(tokens(9)))
  assert.equal(b.request(2, generate([5])), [])
  assert.equal(b.abort(1), ['cancel 0 1', 'cancel 1 1', 'finish 1.0 aborted'])
  assert.equal(b.returned(0), ['map 0 0 [0 1 2]', 'submit 2 5@0:0+top', 'release 0'])
  assert.equal(b.returned(1), ['done 1', 'release 1'])
  assert.equal(b.returned(2), ['judge 2.0 row 0 position 1'])
})

test('an abort withdraws only its own rows of a shared micro-batch', () => {
  const b = new Bench()
  b.request(1, generate([5], { choices: 2, tokensMax: 9 }))
  b.request(2, generate([6], { choices: 2, tokensMax: 9 }))
  b.run(2)
  assert.equal(submits(b.run(1)), ['submit 3 9@2:1+top | 9@3:1+top | 9@0:2+top | 9@1:2+top'])
  assert.equal(b.abort(2), ['cancel 3 3', 'finish 2.0 aborted', 'finish 2.1 aborted'])
  assert.equal(b.abort(2), [])
  assert.equal(b.returned(3), ['done 2', 'judge 1.0 row 2 position 3'])
})

test('an abort answers a question', () => {
  const b = new Bench()
  b.request(1, generate([5], { choices: 2 }))
  b.returned(0)
  b.token(9)
  assert.equal(b.abort(1), ['finish 1.0 aborted', 'finish 1.1 aborted', 'done 1', 'release 0'])
})

test('an abort of one request leaves the question about another open', () => {
  const b = new Bench()
  b.request(1, generate([5], { choices: 2, tokensMax: 5 }))
  b.request(2, generate([6], { tokensMax: 5 }))
  b.run(2)
  assert.equal(submits(b.run(1)), ['submit 3 9@2:1+top | 9@0:2+top | 9@1:2+top'])
  assert.equal(b.returned(3), ['judge 2.0 row 0 position 2'])
  b.scheduler.handle({ kind: 'abort', request: 1 })
  assert.equal(b.token(8), [
    'finish 1.0 aborted',
    'finish 1.1 aborted',
    'done 1',
    'emit 2.0 8',
    'submit 4 8@2:2+top',
    'release 3',
  ])
})

test('a fault is reported once per request, for live rows only', () => {
  const b = new Bench()
  b.request(1, generate(tokens(6)))
  b.scheduler.handle({ kind: 'returned', number: 0 as never, faults: 1 })
  assert.equal(b.scheduler.poll(), { kind: 'fault', request: 1 })
  assert.equal(b.abort(1), ['cancel 1 1', 'finish 1.0 aborted', 'release 0'])
  assert.equal(b.returned(1, 1), ['done 1', 'release 1'])
})

test('scored rows never outnumber the room for heads, and come in order', () => {
  const b = new Bench({ headRowsMax: 2, inFlightMax: 9 })
  assert.equal(submits(b.request(1, { kind: 'score', prompt: tokens(8), from: 3, head: 'scored' })), [
    'submit 0 10@0:0 11@0:1 12@0:2 13@0:3+scored',
    'submit 1 14@0:4+scored 15@0:5+scored',
    'submit 2 16@0:6+scored 17@0:7+scored',
  ])
  assert.equal(b.run(), [
    'score 1 row 3 position 3',
    'release 0',
    'score 1 row 0 position 4',
    'score 1 row 1 position 5',
    'release 1',
    'score 1 row 0 position 6',
    'score 1 row 1 position 7',
    'done 1',
    'release 2',
  ])
  b.request(2, { kind: 'score', prompt: tokens(8), from: 0, head: 'scored' })
  assert.equal(b.abort(2), ['cancel 3 1', 'cancel 4 1', 'cancel 5 1', 'cancel 6 1'])
  assert.ok(b.run().includes('done 2'))
})

test('a sequence ends with its context', () => {
  const b = new Bench({ contextLength: 6, cells: 6 })
  b.request(1, generate(tokens(4), { tokensMax: 100 }))
  const lines = b.run()
  assert.equal(lines.filter((line) => line.startsWith('emit')).length, 2)
  assert.ok(lines.includes('finish 1.0 length'))
  assert.equal(b.request(2, generate(tokens(6))), ['finish 2.0 length', 'done 2'])
  assert.equal(b.request(3, generate([5], { tokensMax: 0 })), ['finish 3.0 length', 'done 3'])
})

test('work that can never run is refused with both numbers, and nothing changes', () => {
  const b = new Bench({ cells: 20 })
  const refuses = (work: Parameters<Bench['request']>[1], code: string, message: RegExp) => {
    assert.throws(
      () => b.request(1, work),
      (error: { code: string; message: string }) => error.code === code && message.test(error.message),
    )
  }
  refuses(generate([]), 'prompt_invalid', /at least 1 token, found 0/)
  refuses(generate(tokens(33)), 'prompt_too_long', /at most 32 tokens .*found 33/)
  refuses({ kind: 'score', prompt: [1, 2], from: 2, head: 'scored' }, 'option_invalid', /0\.\.1, found 2/)
  refuses(generate([1], { choices: 5 }), 'option_invalid', /1\.\.4 .*found 5/)
  refuses(generate([1], { tokensMax: -1 }), 'option_invalid', /found -1/)
  refuses(generate([1], { choices: 3, tokensMax: 21 }), 'out_of_memory', /at most 20 KV cells .*one of 21/)
  assert.equal(submits(b.request(1, generate([1], { choices: 3, tokensMax: 20 }))).length, 1)
})

test('misuse of the protocol is a bug', () => {
  const b = new Bench()
  assert.throws(() => b.token(1), /a token nobody asked for/)
  assert.throws(() => b.scored(), /a score nobody asked for/)
  assert.throws(() => b.returned(0), /micro-batch 0 returned, undefined is the oldest/)
  b.request(1, generate(tokens(6)))
  assert.throws(() => b.request(1, generate([5])), /request 1 is already live/)
  assert.throws(() => b.returned(1), /micro-batch 1 returned, 0 is the oldest/)
  assert.equal(b.abort(99), [])
})

test('polling past a question is a bug', () => {
  const b = new Bench()
  b.request(1, generate([5]))
  b.returned(0)
  assert.throws(() => b.scheduler.poll(), /poll before the answer/)
})

test('a prompt of a hundred thousand tokens costs linear work', () => {
  const b = new Bench({ cells: 100_100, contextLength: 100_100, chunkRows: 512, inFlightMax: 256 })
  b.scheduler.handle({ kind: 'request', request: 1, work: generate(new Int32Array(100_000)) })
  let rows = 0
  for (let action = b.scheduler.poll(); typeof action !== 'symbol'; action = b.scheduler.poll()) {
    if (action.kind === 'submit') rows += action.microBatch.rows.length
  }
  assert.is(rows, 100_000)
})

test('a token that takes time holds nobody up: the others go on, and its sequence joins them when it is drawn', () => {
  const b = new Bench()
  b.request(1, generate([1], { tokensMax: 6, choices: 2 }))
  b.returned(0)
  b.token(9)
  assert.equal(submits(b.token(9)), ['submit 1 9@0:1+top | 9@1:1+top'])
  assert.equal(b.returned(1), ['judge 1.0 row 0 position 2'])
  assert.equal(b.deferred(), ['judge 1.1 row 1 position 2'])
  assert.equal(b.token(8), ['submit 2 8@1:2+top', 'emit 1.1 8', 'release 1'])
  assert.equal(b.drawable(7), [], 'no such request')
  assert.equal(b.drawable(1, 1), [], 'nothing was deferred')
  assert.equal(b.drawable(1), ['draw 1.0 position 2'])
  assert.equal(b.token(7), ['emit 1.0 7'])
  assert.equal(b.drawable(1), [], 'the token is known')
  assert.equal(b.returned(2), ['judge 1.1 row 0 position 3'])
  assert.equal(b.token(6), ['submit 3 7@0:2+top | 6@1:3+top', 'emit 1.1 6', 'release 2'])
})

test('a token that takes time is not asked for when its request was aborted', () => {
  const b = new Bench()
  b.request(1, generate([1]))
  b.returned(0)
  b.deferred()
  assert.equal(b.abort(1), ['finish 1.0 aborted', 'done 1'])
  assert.equal(b.drawable(1), [])
  assert.is(b.available, 64)
})

test('an answer to a request that speculates may not be deferred', () => {
  const b = new Bench()
  b.request(1, generate([1], { draft: resolveDraft('pipe', {}) }))
  b.returned(0)
  assert.throws(() => b.deferred(), /nobody may defer/)
})

test.run()
