import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Bench, generate } from './bench.ts'

const tokens = (count: number) => Array.from({ length: count }, (_, i) => i + 10)
const submits = (lines: string[]) => lines.filter((line) => line.startsWith('submit'))
/** The bench answers 9 to every question. */
const kept = ({ scheduler }: Bench, session: number) => scheduler.insides.kept.sessions.get(session)?.tokens

test('the next turn evaluates only what is new, in the cells that follow', () => {
  const b = new Bench()
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  // The newest token has no row: it is not in the cells.
  assert.equal(kept(b, 1), [5, 6, 7, 9, 9])
  assert.is(b.scheduler.insides.cells.freeCount, 64 - 5)
  assert.equal(b.request(2, generate([5, 6, 7, 9, 9, 9, 8], { session: 1, tokensMax: 2 })), [
    'map 0 0 [0 1 2 3 4]',
    'map 0 5 [5 6 7]',
    'submit 3 9@0:5 8@0:6+top',
  ])
  assert.ok(b.run().includes('done 2 reused 5'))
  assert.equal(kept(b, 1), [5, 6, 7, 9, 9, 9, 8, 9])
})

test('what differs is evaluated anew, and the cells behind are free', () => {
  const b = new Bench()
  b.request(1, generate([5, 6, 7, 8], { session: 1 }))
  b.run()
  assert.equal(submits(b.request(2, generate([5, 6, 1, 8], { session: 1, tokensMax: 1 }))), [
    'submit 3 1@0:2 8@0:3+top',
  ])
  // The old text is kept until there is a new one.
  assert.equal(kept(b, 1), [5, 6, 7, 8, 9, 9])
  assert.ok(b.run().includes('done 2 reused 2'))
  assert.equal(kept(b, 1), [5, 6, 1, 8])
  assert.is(b.available, 64)
})

test('of a prompt that is kept whole the last token is evaluated again', () => {
  const b = new Bench()
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  assert.equal(submits(b.request(2, generate([5, 6, 7], { session: 1 }))), ['submit 3 7@0:2+top'])
})

test('a session keeps nothing of another, nor of a request without one', () => {
  const b = new Bench()
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  assert.equal(submits(b.request(2, generate([5, 6, 7], { session: 2 }))), ['submit 3 5@0:0 6@0:1 7@0:2+top'])
  b.run()
  assert.equal(submits(b.request(3, generate([5, 6, 7]))), ['submit 6 5@0:0 6@0:1 7@0:2+top'])
  b.run()
  // The first one's text has been of use once more: it is what the last request would have left.
  assert.equal([...b.scheduler.insides.kept.sessions.keys()], [2, 1])
})

test('an abort keeps what has come back', () => {
  const b = new Bench({ chunkRows: 2 })
  b.request(1, generate(tokens(8), { session: 1 }))
  b.returned(0)
  b.abort(1)
  assert.equal(kept(b, 1), [10, 11])
  b.request(2, generate(tokens(8), { session: 1 }))
  assert.ok(b.run().includes('done 2 reused 2'))
  b.request(3, generate([1, 2, 3], { session: 2, tokensMax: 5 }))
  b.run(2)
  // The row of the second generated token is in flight.
  b.abort(3)
  assert.equal(kept(b, 2), [1, 2, 3])
})

test('an abort keeps nothing of a request that waits, and leaves the session alone', () => {
  const b = new Bench({ cells: 16, contextLength: 16 })
  b.request(1, generate([5, 6], { session: 1 }))
  b.run()
  b.request(2, generate([8], { tokensMax: 12 }))
  b.request(3, generate([5, 6, 7], { session: 1, tokensMax: 9 }))
  b.abort(3)
  assert.equal(kept(b, 1), [5, 6, 9, 9])
})

test('a fault leaves nothing to reuse', () => {
  const b = new Bench()
  b.request(1, generate([5, 6], { session: 1 }))
  b.scheduler.handle({ kind: 'returned', number: 0 as never, faults: 1 })
  assert.equal(b.scheduler.poll(), { kind: 'fault', request: 1 })
  b.abort(1)
  assert.is(kept(b, 1), undefined)
  assert.is(b.available, 64)
})

test('kept cells are given away when admission needs them, the longest unused first, those of a request under way never', () => {
  const b = new Bench({ cells: 24, contextLength: 24 })
  for (const session of [1, 2, 3]) {
    b.request(session, generate(tokens(5), { session, tokensMax: 2 }))
    b.run()
  }
  b.request(4, generate(tokens(6), { session: 1, tokensMax: 1 }))
  b.run()
  assert.equal([...b.scheduler.insides.kept.sessions.keys()], [2, 3, 1])
  // Needs 8 cells in the end, 6 are free.
  b.request(5, generate([7], { session: 4, tokensMax: 8 }))
  assert.equal([...b.scheduler.insides.kept.sessions.keys()], [2, 3, 1])
  b.run(7)
  assert.equal([...b.scheduler.insides.kept.sessions.keys()], [3, 1])
  // Needs all: waits for the one under way.
  assert.equal(b.request(6, generate(tokens(20), { session: 3, tokensMax: 5 })), [])
  const lines = b.run()
  assert.ok(lines.indexOf('done 5') < lines.indexOf('done 6 reused 5'), lines.join('\n'))
  assert.equal([...b.scheduler.insides.kept.sessions.keys()], [3])
})

test('a session that has lost its cells goes on from nothing', () => {
  const b = new Bench({ cells: 12, contextLength: 12 })
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  b.request(2, generate([8], { tokensMax: 12 }))
  b.run()
  b.request(3, generate([5, 6, 7, 9], { session: 1 }))
  assert.ok(b.run().includes('done 3'))
})

test('of several choices the last to end is kept', () => {
  const b = new Bench()
  b.request(1, generate([5, 6], { choices: 2, tokensMax: 4, session: 1 }))
  b.returned(0)
  b.token(20)
  b.token(21)
  b.returned(1)
  b.token(22, true)
  assert.is(kept(b, 1), undefined)
  b.token(23)
  b.run()
  assert.equal(kept(b, 1), [5, 6, 21, 23, 9])
  assert.is(b.available, 64)
})

test('two requests of a session at once: the one that ends last is kept', () => {
  const b = new Bench()
  b.request(1, generate([5, 6], { session: 1, tokensMax: 6 }))
  b.request(2, generate([5, 6, 7], { session: 1, tokensMax: 1 }))
  b.run()
  assert.equal(kept(b, 1), [5, 6, 9, 9, 9, 9, 9])
  assert.is(b.scheduler.insides.cells.freeCount, 64 - 7)
})

test('a forgotten session keeps nothing, nor do its requests under way or waiting', () => {
  const b = new Bench({ cells: 16, contextLength: 16 })
  b.request(1, generate([5, 6], { session: 1 }))
  b.run()
  b.forget(1)
  assert.is(b.available, 16)
  b.request(2, generate([5, 6], { session: 2, tokensMax: 10 }))
  b.request(3, generate([5, 6], { session: 2, tokensMax: 10 }))
  b.forget(2)
  b.forget(99)
  b.run()
  assert.is(b.available, 16)
})

test('a session whose new text has no room for a token keeps what it has of it', () => {
  const b = new Bench({ contextLength: 6, cells: 12 })
  b.request(1, generate([5, 6], { session: 1 }))
  b.run()
  assert.equal(b.request(2, generate([5, 6, 9, 8, 8, 8], { session: 1 })).at(-1), 'done 2 reused 3')
  assert.equal(kept(b, 1), [5, 6, 9])
})

test('a transfer holds the cells; they are kept again when it is over', () => {
  const b = new Bench({ cells: 12, contextLength: 12 })
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  assert.equal(b.hold(2, 1), ['transfer 2 [5 6 7 9 9] [0 1 2 3 4]'])
  // 12 cells are wanted: not now.
  assert.equal(b.request(3, generate([8], { tokensMax: 12 })), [])
  assert.ok(b.settled(2).some((line) => line.startsWith('submit')))
  b.run()
  assert.is(kept(b, 1), undefined)
  assert.equal(b.hold(4, 1), ['transfer 4 [] []'])
  b.settled(4)
  assert.is(b.available, 12)
  assert.throws(() => b.settled(4), /transfer 4 is settled, and was not open/)
})

test('a text that is brought back is gone on with', () => {
  const b = new Bench()
  const restore = { kind: 'restore', prompt: Int32Array.of(5, 6, 7), session: 1 } as const
  assert.equal(b.request(1, restore), ['transfer 1 [5 6 7] [0 1 2]'])
  b.settled(1)
  assert.equal(submits(b.request(2, generate([5, 6, 7, 8], { session: 1 }))), ['submit 0 8@0:3+top'])
})

test('a restored text waits for rows in flight that may still write its cells', () => {
  const b = new Bench({ chunkRows: 2 })
  b.request(1, generate(tokens(4)))
  b.abort(1)
  assert.equal(b.request(2, { kind: 'restore', prompt: [5, 6], session: 1 }), [])
  // What is submitted from now on writes other cells.
  b.request(3, generate([7], { tokensMax: 1 }))
  assert.not.ok(b.returned(0).includes('transfer 2 [5 6] [0 1]'))
  assert.ok(b.returned(1).includes('transfer 2 [5 6] [0 1]'))
  b.settled(2)
  assert.equal(kept(b, 1), [5, 6])
})

test('a restored text waits in the queue for its cells, and leaves the old one alone until it is there', () => {
  const b = new Bench({ cells: 12, contextLength: 12 })
  b.request(1, generate([5, 6], { session: 1 }))
  b.run()
  b.request(2, generate([8], { tokensMax: 8 }))
  assert.equal(kept(b, 1), [5, 6, 9, 9])
  assert.equal(b.request(3, { kind: 'restore', prompt: tokens(8), session: 1 }), [])
  assert.ok(b.run().includes('transfer 3 [10 11 12 13 14 15 16 17] [4 5 6 7 8 9 10 11]'))
  assert.equal(kept(b, 1), [5, 6, 9, 9])
  b.abort(3)
  assert.equal(kept(b, 1), [5, 6, 9, 9])
  b.request(4, { kind: 'restore', prompt: tokens(3), session: 1 })
  b.settled(4)
  assert.equal(kept(b, 1), [10, 11, 12])
  assert.is(b.scheduler.insides.cells.freeCount, 9)
  b.request(5, { kind: 'restore', prompt: tokens(12), session: 1 })
  assert.is(kept(b, 1), undefined)
  b.abort(5)
  assert.is(b.available, 12)
  b.request(6, generate([8], { tokensMax: 8 }))
  b.request(7, { kind: 'restore', prompt: tokens(8), session: 1 })
  assert.equal(b.abort(7), [])
  assert.throws(() => b.request(8, { kind: 'restore', prompt: tokens(13), session: 1 }), /at most 12 tokens/)
})

test('a session that is forgotten, or used, during a transfer', () => {
  const b = new Bench()
  b.request(1, generate([5, 6], { session: 1 }))
  b.run()
  b.hold(2, 1)
  b.request(3, generate([5, 6, 7], { session: 1, tokensMax: 1 }))
  b.run()
  b.settled(2)
  assert.equal(kept(b, 1), [5, 6, 7])
  b.hold(4, 1)
  b.forget(1)
  b.settled(4)
  b.request(5, { kind: 'restore', prompt: [5, 6], session: 2 })
  b.forget(2)
  b.settled(5)
  assert.is(b.available, 64)
})

test.run()
