// Who shares which text with whom, how often that is looked up, and for how long a transfer may keep others waiting.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CellIndex } from '../../../engine/domain.ts'
import { Cells } from '../../../engine/kv/cells.ts'
import { KEPT_TEXTS_MAX } from '../../../engine/limits.ts'
import type { GenerateWork } from '../../../engine/scheduler/events.ts'
import { KeptTexts } from '../../../engine/scheduler/kept-texts.ts'
import { TextIndex } from '../../../engine/scheduler/text-index.ts'
import { Bench, generate } from './bench.ts'

const tokens = (count: number, first = 10) => Array.from({ length: count }, (_, i) => i + first)
const only = (lines: string[], word: string) => lines.filter((line) => line.startsWith(word))
/** Rows that were evaluated, below a position. */
const rows = (lines: string[], end = Number.POSITIVE_INFINITY) =>
  only(lines, 'submit').flatMap((line) => [...line.matchAll(/@\d+:(\d+)/g)].filter(([, at]) => Number(at) < end)).length
const reusedBy = (lines: string[], request: number) =>
  Number(lines.find((line) => line.startsWith(`done ${request}`))!.split(' ')[3] ?? 0)

const ROOMY = { cells: 4096, contextLength: 1200, sequences: 33, chunkRows: 64, inFlightMax: 4, headRowsMax: 32 }

/** How often the index has been asked. */
function countLookups(b: Bench): { count: number } {
  const { index } = b.scheduler.insides
  const lookups = { count: 0 }
  const match = index.match.bind(index)
  index.match = (...asked) => {
    lookups.count++
    return match(...asked)
  }
  return lookups
}

test('a beginning of 1000 tokens that 32 requests have in common is evaluated once, and lies in cells once', () => {
  const b = new Bench({ ...ROOMY, headroom: 0 })
  const lookups = countLookups(b)
  const lines: string[] = []
  for (let i = 1; i <= 32; i++) lines.push(...b.request(i, generate([...tokens(1000), i, i, i], { tokensMax: 2 })))
  const isUnderWay = () =>
    [...b.scheduler.insides.requests.values()].some(({ sequences }) => sequences[0]!.phase === 'prefill')
  while (isUnderWay()) lines.push(...b.run(1))
  assert.is(rows(lines, 1003), 1000 + 32 * 3)
  const { cells } = b.scheduler.insides
  // A row for the newest token may have been submitted, which has a cell of its own.
  const own = cells.capacity - cells.freeCount - 1000
  assert.ok(own >= 32 * 3 && own <= 32 * 4, `${own} cells beside the common ones`)
  lines.push(...b.run())
  for (let i = 2; i <= 32; i++) assert.is(reusedBy(lines, i), 1000, `request ${i}`)
  // When it comes, when it begins, when what it has waited for is over, and when its text is left to others.
  assert.ok(lookups.count <= 32 * 4, `${lookups.count} lookups`)
})

test('a second request after the first token evaluates its own tokens only', () => {
  const b = new Bench(ROOMY)
  b.request(1, generate([...tokens(1000), 1], { tokensMax: 100 }))
  b.run(17)
  const lines = b.request(2, generate([...tokens(1000), ...tokens(32, 2000)], { tokensMax: 1 }))
  assert.is(rows([...lines, ...b.run()].map((line) => line.replaceAll('@0:', ''))), 32)
})

test('what cannot have changed is not looked up again, however long somebody waits', () => {
  const b = new Bench({ cells: 64, contextLength: 64, sequences: 3, chunkRows: 4, headroom: 0, inFlightMax: 1 })
  b.request(1, generate([...tokens(20), 1], { tokensMax: 30 }))
  const lookups = countLookups(b)
  // One waits for what the first evaluates, the other for room.
  b.request(2, generate([...tokens(20), 2], { tokensMax: 30 }))
  b.request(3, generate(tokens(50, 100), { tokensMax: 1 }))
  assert.is(lookups.count, 3)
  for (let i = 0; i < 9; i++) b.passed(0)
  assert.is(lookups.count, 3)
  // Nothing changes in the index while both decode.
  b.run(9)
  const before = lookups.count
  b.run(10)
  assert.is(lookups.count, before)
})

test('texts are shared within a client, and those that are public with all', () => {
  const shares = (first: Partial<GenerateWork>, second: Partial<GenerateWork>, isBeside: boolean) => {
    const b = new Bench({ cells: 128, contextLength: 64, chunkRows: 32, headroom: 0 })
    const lines = b.request(1, generate([...tokens(20), 1], { tokensMax: 9, ...first }))
    lines.push(...b.run(isBeside ? 2 : undefined))
    lines.push(...b.request(2, generate([...tokens(20), 2], second)), ...b.run())
    return reusedBy(lines, 2)
  }
  for (const isBeside of [false, true]) {
    assert.is(shares({}, {}, isBeside), 20)
    assert.is(shares({ client: 0 }, {}, isBeside), 20)
    assert.is(shares({ client: 7 }, { client: 7 }, isBeside), 20)
    assert.is(shares({ client: 7 }, { client: 8 }, isBeside), 0)
    assert.is(shares({ client: 7 }, {}, isBeside), 0)
    assert.is(shares({}, { client: 8 }, isBeside), 0)
    assert.is(shares({ client: 7, isPublic: true }, { client: 8 }, isBeside), 20)
    assert.is(shares({ client: 7, isPublic: true }, {}, isBeside), 20)
    assert.is(shares({ client: 7 }, { client: 7, isPublic: true }, isBeside), 0)
    assert.is(shares({ cachePrompt: false }, {}, isBeside), 0)
    assert.is(shares({}, { cachePrompt: false }, isBeside), 0)
  }
})

test('only lengths that the model can go on from are shared', () => {
  const lengths = fc.record({
    kept: fc.integer({ min: 1, max: 60 }),
    asked: fc.integer({ min: 1, max: 60 }),
    step: fc.constantFrom(1, 8, 24, 64),
  })
  const property = fc.property(lengths, fc.boolean(), fc.boolean(), ({ kept, asked, step }, isSession, isBeside) => {
    const b = new Bench({
      cells: 256,
      contextLength: 80,
      chunkRows: 80,
      headroom: 0,
      reusable: (length) => length - (length % step),
    })
    const session = isSession ? { session: 1 } : {}
    const lines = b.request(1, generate([...tokens(kept), 1], { tokensMax: 2, ...session }))
    if (!isBeside) lines.push(...b.run())
    lines.push(...b.request(2, generate([...tokens(asked), 2], { tokensMax: 1, ...session })), ...b.run())
    const same = Math.min(kept, asked)
    const usable = same - (same % step)
    const isOwn = isSession && !isBeside
    assert.is(reusedBy(lines, 2), isOwn || usable >= 16 ? usable : 0)
  })
  fc.assert(property, { numRuns: 200 })
})

test('when what somebody waits for is over before its time, he goes on with the next best', () => {
  const b = new Bench({ cells: 256, contextLength: 80, chunkRows: 8, headroom: 0, inFlightMax: 1 })
  b.request(1, generate([...tokens(40), 1], { tokensMax: 1 }))
  b.request(2, generate([...tokens(24), 2], { tokensMax: 1 }))
  b.request(3, generate([...tokens(40), 3], { tokensMax: 1 }))
  b.run(2)
  // Two chunks have come back, the third is in flight: the second and the third share 16 tokens, and one waits for the other.
  b.abort(1)
  const lines = b.run()
  assert.is(reusedBy(lines, 2), 16)
  assert.is(reusedBy(lines, 3), 24)
})

test('a fault ends those it belongs to; who has waited for them evaluates, and nobody finds the cells', () => {
  const b = new Bench({ cells: 128, contextLength: 64, chunkRows: 16, headroom: 0, inFlightMax: 1 })
  b.request(1, generate([...tokens(40), 1], { tokensMax: 1 }))
  b.request(2, generate([...tokens(40), 2], { tokensMax: 1 }))
  b.run(1)
  b.scheduler.handle({ kind: 'returned', number: 1 as never, faults: 1 })
  assert.equal(b.scheduler.poll(), { kind: 'fault', request: 1 })
  const lines = [...b.abort(1), ...b.run()]
  // The first chunk came back without a fault, and the request that wrote it is gone.
  assert.is(reusedBy(lines, 2), 0)
  assert.is(rows(lines), 41)
  assert.is(b.available, 128)
})

test('texts are kept up to a number, the longest unused give way first, sessions last', () => {
  const cells = new Cells(2 * KEPT_TEXTS_MAX)
  const kept = new KeptTexts(cells, new TextIndex())
  const keep = (token: number, session?: number) => {
    const own: CellIndex[] = []
    cells.allocate(1, own)
    kept.keep([token], own, 0, session)
    cells.release(own)
  }
  keep(0, 1)
  for (let token = 1; token <= KEPT_TEXTS_MAX + 9; token++) {
    // The same text again: it has been of use.
    if (token > 1) keep(1)
    keep(token)
  }
  assert.is(kept.count, KEPT_TEXTS_MAX)
  assert.is(kept.evictions, 10)
  assert.is(cells.inTextsCount, KEPT_TEXTS_MAX)
  const left = [...kept.all()].map((text) => text.tokens[0])
  assert.ok(left.includes(0) && left.includes(1) && !left.includes(2) && !left.includes(11) && left.includes(12))
})

const FULL = { cells: 12, contextLength: 12, pinUs: 1000 }

test('a transfer may take as long as nobody needs its cells, and then for a bounded time', () => {
  const b = new Bench(FULL)
  b.nowUs = 0
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  b.hold(2, 1)
  assert.equal(b.tick(50_000), [])
  // Somebody who fits beside it does not count.
  b.request(3, generate([8], { tokensMax: 2 }))
  b.run()
  assert.equal(b.tick(60_000), [])
  assert.equal(b.request(4, generate([8], { tokensMax: 12 })), ['wake 61000'])
  assert.equal(b.tick(60_999), [])
  const lines = b.tick(61_000)
  assert.is(lines[0], 'expired 2')
  assert.is(rows(lines), 1)
  assert.ok(b.run().includes('done 4'))
  assert.equal(b.abort(2), [])
})

test('a transfer that expires costs the session nothing', () => {
  const b = new Bench({ ...FULL, cells: 16 })
  b.nowUs = 0
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  const text = () => b.scheduler.insides.kept.sessions.get(1)?.tokens
  assert.equal(text(), [5, 6, 7, 9, 9])
  b.request(2, { kind: 'restore', prompt: tokens(10), session: 1 })
  assert.ok(b.request(3, generate([8], { tokensMax: 8 })).includes('wake 1000'))
  assert.ok(b.tick(1000).includes('expired 2'))
  assert.equal(text(), [5, 6, 7, 9, 9])
  b.hold(4, 1)
  b.settled(4)
  assert.ok(b.run().includes('done 3'))
  assert.equal(text(), [5, 6, 7, 9, 9])
})

test('waiting that ends in between begins anew', () => {
  const b = new Bench(FULL)
  b.nowUs = 0
  b.request(1, generate([5, 6, 7], { session: 1 }))
  b.run()
  b.hold(2, 1)
  assert.equal(b.request(3, generate([8], { tokensMax: 12 })), ['wake 1000'])
  b.nowUs = 900
  b.abort(3)
  assert.equal(b.tick(1000), [])
  assert.equal(b.request(4, generate([8], { tokensMax: 12 })), ['wake 2000'])
  b.nowUs = 1500
  assert.ok(b.settled(2).some((line) => line.startsWith('submit')))
})

test.run()
