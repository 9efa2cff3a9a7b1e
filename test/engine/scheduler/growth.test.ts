// Cells by need: sequences take them as they grow, pause when there are none, and share what begins alike.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Bench, generate } from './bench.ts'

const tokens = (count: number, first = 10) => Array.from({ length: count }, (_, i) => i + first)
const only = (lines: string[], word: string) => lines.filter((line) => line.startsWith(word))
const range = (from: number, end: number) => `[${Array.from({ length: end - from }, (_, i) => from + i).join(' ')}]`
/** Rows that were evaluated. */
const rows = (lines: string[]) =>
  only(lines, 'submit').flatMap((line) => line.split(' ').filter((word) => word.includes('@'))).length

test('a text takes cells as it grows, a run at a time', () => {
  const b = new Bench({ contextLength: 64 })
  assert.is(b.request(1, generate([5, 6, 7], { tokensMax: 40 }))[0], `map 0 0 ${range(0, 16)}`)
  const maps = only(b.run(), 'map')
  assert.equal(maps, [`map 0 16 ${range(16, 32)}`, `map 0 32 ${range(32, 42)}`])
})

test('texts of unknown length run side by side; the last in order pauses, and goes on with the text it had', () => {
  const b = new Bench({ contextLength: 60, headroom: 8 })
  b.request(1, generate([5, 6], { tokensMax: 50 }))
  const lines = [...b.request(2, generate([7, 8], { tokensMax: 50 }))]
  lines.push(...b.run())
  assert.ok(
    lines.some((line) => line.includes('@0:') && line.includes('@1:')),
    'in one micro-batch',
  )
  assert.is(only(lines, 'emit 1.0').length, 50)
  assert.is(only(lines, 'emit 2.0').length, 50)
  assert.ok(lines.indexOf('done 1') < lines.indexOf('done 2'))
  const { counts } = b.scheduler.insides.runTable
  assert.is(b.scheduler.insides.admission.waitingCount, 0)
  assert.ok((counts.final.pause ?? 0) <= 1)
  // What was lost of the paused text is evaluated again, and no more.
  const evaluated = rows(lines) - (2 + 49) - (2 + 49)
  assert.ok(evaluated >= 0 && evaluated < 30, `${evaluated} rows again`)
  assert.is(b.available, 64)
})

test('a text that fills all cells alone ends, whoever comes meanwhile', () => {
  const b = new Bench({ cells: 32, contextLength: 33, headroom: 0 })
  b.request(1, generate([5], { tokensMax: 32 }))
  b.run(3)
  for (let request = 2; request < 8; request++) b.request(request, generate([request], { tokensMax: 32 }))
  const lines = b.run()
  const done = only(lines, 'done').map((line) => line.split(' ')[1])
  assert.equal(done, ['1', '2', '3', '4', '5', '6', '7'])
  assert.is(only(lines, 'emit 7.0').length, 32)
})

test('a beginning that others evaluate at present is waited for and shared', () => {
  const b = new Bench({ cells: 128, contextLength: 64, chunkRows: 8, headroom: 0, inFlightMax: 9 })
  const common = tokens(20)
  b.request(1, generate([...common, 1, 2], { tokensMax: 1 }))
  assert.equal(only(b.request(2, generate([...common, 3, 4], { tokensMax: 1 })), 'submit'), [])
  // The chunk that ends the beginning is the last of the first request.
  b.returned(0)
  b.returned(1)
  const lines = [...b.returned(2), ...b.token(9), ...b.run()]
  assert.equal(only(lines, 'submit'), ['submit 3 3@1:20 4@1:21+top'])
  assert.ok(lines.includes('done 2 reused 20'))
})

test('cells that are shared stay as long as anybody refers to them', () => {
  const b = new Bench({ cells: 64, contextLength: 64, headroom: 0, chunkRows: 32 })
  b.request(1, generate([...tokens(20), 1], { tokensMax: 9 }))
  b.run(1)
  b.request(2, generate([...tokens(20), 2], { tokensMax: 9 }))
  assert.is(b.scheduler.insides.cells.references(0 as never), 2)
  b.abort(1)
  assert.is(b.scheduler.insides.cells.isKept(0 as never), false)
  assert.ok(b.run().includes('done 2 reused 20'))
  assert.is(b.available, 64)
})

test('the next request shares what an earlier one has left; what is shorter than a run is not worth it', () => {
  const b = new Bench({ cells: 64, contextLength: 64, headroom: 0, chunkRows: 32 })
  b.request(1, generate(tokens(20), { tokensMax: 1 }))
  b.run()
  b.request(2, generate([...tokens(18), 1], { tokensMax: 1 }))
  assert.ok(b.run().includes('done 2 reused 18'))
  b.request(3, generate([...tokens(15), 1], { tokensMax: 1 }))
  assert.ok(b.run().includes('done 3'))
})

test('of several choices one pauses and the others go on', () => {
  const b = new Bench({ cells: 48, contextLength: 40, headroom: 0, chunkRows: 32 })
  b.request(1, generate(tokens(16), { choices: 3, tokensMax: 20 }))
  const lines = b.run()
  for (const choice of [0, 1, 2]) assert.is(only(lines, `emit 1.${choice}`).length, 20)
  assert.ok(lines.indexOf('finish 1.0 length') < lines.indexOf('finish 1.2 length'))
  assert.is(b.available, 48)
})

test('nobody shares the cells of a request with a fault', () => {
  const b = new Bench({ cells: 64, contextLength: 64, headroom: 0, chunkRows: 32 })
  b.request(1, generate([...tokens(20), 1], { tokensMax: 9 }))
  b.scheduler.handle({ kind: 'returned', number: 0 as never, faults: -1 })
  assert.equal(b.scheduler.poll(), { kind: 'fault', request: 1 })
  b.abort(1)
  b.request(2, generate([...tokens(20), 2], { tokensMax: 9 }))
  assert.ok(b.run().includes('done 2'))
})

test('a score that pauses reports every position once', () => {
  const b = new Bench({ cells: 48, contextLength: 48, headroom: 0, chunkRows: 8, inFlightMax: 1 })
  b.request(1, generate([1], { tokensMax: 40 }))
  b.run(2)
  b.request(2, { kind: 'score', prompt: tokens(30), from: 4, head: 'scored' })
  const positions = only(b.run(), 'score 2').map((line) => Number(line.split(' ').at(-1)))
  assert.equal(
    positions,
    Array.from({ length: 26 }, (_, i) => i + 4),
  )
})

test.run()
