import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GenerateWork } from '../../../engine/scheduler/events.ts'
import { PROBABILITY_ONE } from '../../../engine/speculation/guess.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'
import { Bench, generate } from './bench.ts'

const work = (policy: 'sync' | 'pipe', options: Parameters<typeof resolveDraft>[1] = {}): GenerateWork =>
  generate([5], { tokensMax: 20, draft: resolveDraft(policy, options) })
const sibling = (token: number) => ({ parent: -1, token, probability: PROBABILITY_ONE / 2 })
const PIPE = { stages: 4, inFlightMax: 9 }

/** A pipe that has token 40 certain and its row in flight as micro-batch 1; question 1 is open. */
function started(options: Parameters<typeof resolveDraft>[1] = {}): Bench {
  const b = new Bench(PIPE)
  assert.equal(b.request(1, work('pipe', options)).slice(1), ['submit 0 5@0:0+top', 'draft 0 of 1.0 1 [] 4'])
  b.returned(0)
  assert.equal(b.token(40), ['undraft 0', 'submit 1 40@0:1+top', 'draft 1 of 1.0 2 [] 4', 'emit 1.0 40', 'release 0']) // biome-ignore format: one line reads better
  return b
}

test('sync: draft, verify together, repeat', () => {
  const b = new Bench()
  assert.equal(b.request(1, work('sync')).length, 2, 'nothing is drafted behind a prompt')
  b.returned(0)
  assert.equal(b.token(40), ['draft 0 of 1.0 2 [] 4', 'emit 1.0 40', 'release 0'], 'the row waits for the drafter')
  assert.equal(b.drafted(0, [41]), ['draft 1 of 1.0 2 [41] 3'])
  assert.equal(b.drafted(1, [42, 43]), ['draft 2 of 1.0 2 [41 42 43] 1'])
  assert.equal(b.drafted(2, []), ['submit 1 40@0:1+top | 41@0:2+top | 42@0:3+top | 43@0:4+top'])
  assert.equal(b.returned(1), ['judge 1.0 row 0 position 2'])
  assert.equal(b.token(41), ['emit 1.0 41', 'judge 1.0 row 1 position 3'])
  assert.equal(b.token(42), ['emit 1.0 42', 'judge 1.0 row 2 position 4'])
  assert.equal(b.token(50), ['emit 1.0 50', 'draft 3 of 1.0 5 [] 4', 'release 1'])
  assert.equal(b.drafted(3, []), ['submit 2 50@0:4+top'])
})

test('a fault of a guess ends the request when the guess is right, and never else', () => {
  const guessed = () => {
    const b = new Bench()
    b.request(1, work('sync'))
    b.returned(0)
    b.token(40)
    b.drafted(0, [41])
    b.drafted(1, [42, 43])
    b.drafted(2, [])
    // The third group, 42.
    assert.equal(b.returned(1, 0b100), ['judge 1.0 row 0 position 2'])
    assert.equal(b.token(41), ['emit 1.0 41', 'judge 1.0 row 1 position 3'])
    return b
  }
  const wrong = guessed()
  assert.equal(wrong.token(50), ['emit 1.0 50', 'draft 3 of 1.0 4 [] 4', 'release 1'])
  const right = guessed()
  right.scheduler.handle({ kind: 'token', token: 42, stop: false })
  assert.equal(right.scheduler.poll(), { kind: 'fault', request: 1 })
  assert.ok(right.abort(1).includes('finish 1.0 aborted'))
})

test('pipe: a row goes out at once, drafts follow when the first stage has time', () => {
  const b = started()
  assert.equal(b.drafted(1, [41]), ['draft 2 of 1.0 2 [41] 3'], 'the first stage is busy')
  assert.equal(b.drafted(2, [42]), ['draft 3 of 1.0 2 [41 42] 2'])
  assert.equal(b.passed(1), ['submit 2 41@0:2+top | 42@0:3+top'])
  assert.equal(b.drafted(3, [43]), ['draft 4 of 1.0 2 [41 42 43] 3'])
  assert.equal(b.passed(2), ['submit 3 43@0:4+top'])
  assert.equal(b.returned(1), ['judge 1.0 row 0 position 2'])
  // The token in flight is the right one: no new row, nothing is drafted again, the open question stays open.
  assert.equal(b.token(41), ['emit 1.0 41', 'release 1'])
})

test('pipe: a full micro-batch goes to wait behind the one in the first stage', () => {
  const b = started()
  assert.equal(b.drafted(1, [41, 42, 43, 44]), [
    'submit 2 41@0:2+top | 42@0:3+top | 43@0:4+top | 44@0:5+top',
    'draft 2 of 1.0 2 [41 42 43 44] 4',
  ])
  assert.equal(b.drafted(2, [45, 46, 47, 48]), [], 'one waits already')
  assert.equal(b.passed(1).length, 2)
})

test('pipe: a wrong guess withdraws its rows and the question, and the right token goes out at once', () => {
  const b = started()
  b.passed(1)
  assert.equal(b.drafted(1, [41])[0], 'submit 2 41@0:2+top')
  b.passed(2)
  assert.equal(b.drafted(2, [42]), ['submit 3 42@0:3+top', 'draft 3 of 1.0 2 [41 42] 4'])
  b.returned(1)
  assert.equal(b.token(50), ['cancel 2 1', 'cancel 3 1', 'undraft 3', 'submit 4 50@0:2+top', 'draft 4 of 1.0 3 [] 4', 'emit 1.0 50', 'release 1']) // biome-ignore format: one line reads better
  assert.equal(b.drafted(3, [60]), [], 'a late answer finds nobody')
  assert.equal(b.returned(2), ['release 2'])
})

test('pipe: a right sibling survives with all behind it', () => {
  const b = started({ pMin: 0, pSplit: 0.2 })
  b.passed(1)
  assert.equal(b.drafted(1, [sibling(41), sibling(50)])[0], 'submit 2 41@0:2+top | 50@0:2+top')
  assert.equal(b.drafted(2, [sibling(42)]), ['draft 3 of 1.0 2 [50] 3'], 'the likeliest place comes next')
  assert.equal(b.drafted(3, [51]).length, 1)
  assert.equal(b.passed(2), ['submit 3 51@0:3+top | 42@0:3+top'])
  b.returned(1)
  const lines = b.token(50)
  assert.ok(lines.includes('cancel 2 1') && lines.includes('cancel 3 2'), lines.join('; '))
  assert.ok(
    lines.some((line) => line.startsWith('map 0 2 [')),
    'the cell of the sibling is the one of its position',
  )
  assert.ok(!lines.some((line) => line.startsWith('submit')))
  assert.equal(b.returned(2), ['judge 1.0 row 1 position 3'])
  assert.equal(b.token(51), ['emit 1.0 51', 'release 2'])
})

test('pipe: the end of the text withdraws everything behind it', () => {
  const b = started()
  b.passed(1)
  b.drafted(1, [41])
  b.returned(1)
  assert.equal(b.token(2, true), ['cancel 2 1', 'undraft 2', 'finish 1.0 stop', 'release 1'])
  assert.equal(b.returned(2), ['done 1', 'release 2'])
})

test('a right guess that ends the text is no rejection, and a wrong one is', () => {
  for (const [guess, figures] of [
    [2, { drafted: 1, accepted: 1, rejections: 0, cancelled: 0, wasted: 0 }],
    [3, { drafted: 1, accepted: 0, rejections: 1, cancelled: 1, wasted: 0 }],
  ] as const) {
    const b = started()
    b.passed(1)
    b.drafted(1, [guess])
    b.returned(1)
    const { drafts } = b.scheduler.insides.requests.get(1)!
    assert.equal(b.token(2, true), ['cancel 2 1', 'undraft 2', 'finish 1.0 stop', 'release 1'])
    assert.equal(drafts, figures)
  }
})

test('sync: a right guess in the micro-batch that ends the text is no rejection', () => {
  const b = new Bench()
  b.request(1, work('sync', { nMax: 2 }))
  b.returned(0)
  b.token(40)
  b.drafted(0, [41, 2])
  b.returned(1)
  b.token(41)
  const { drafts } = b.scheduler.insides.requests.get(1)!
  b.token(2, true)
  assert.equal(drafts, { drafted: 2, accepted: 2, rejections: 0, cancelled: 0, wasted: 0 })
})

test('pipe: an abort withdraws rows and the question', () => {
  const b = started()
  b.passed(1)
  b.drafted(1, [41])
  assert.equal(b.abort(1), ['cancel 1 1', 'cancel 2 1', 'undraft 2', 'finish 1.0 aborted'])
})

test('pipe: no row behind the last token is drafted', () => {
  const b = new Bench(PIPE)
  b.request(1, generate([5], { tokensMax: 3, draft: resolveDraft('pipe', {}) }))
  assert.equal(b.drafted(0, [40, 41, 42, 43]), [])
  assert.equal(b.passed(0), ['submit 1 40@0:1+top | 41@0:2+top'])
})

test('pipe: nMin holds a micro-batch back', () => {
  const b = started({ nMin: 2 })
  b.passed(1)
  assert.equal(b.drafted(1, [41]), ['draft 2 of 1.0 2 [41] 3'])
  assert.equal(b.drafted(2, [42])[0], 'submit 2 41@0:2+top | 42@0:3+top')
})

test('a long right chain names only ancestors that are not certain', () => {
  const b = new Bench({ ...PIPE, cells: 400, contextLength: 400 })
  b.request(1, generate([5], { tokensMax: 300, draft: resolveDraft('pipe', {}) }))
  let question = 0
  let next = 100
  let lines = b.drafted(question++, [100, 101, 102, 103])
  let emitted = 0
  let ancestorsMax = 0
  for (let step = 0; emitted < 250 && step < 2000; step++) {
    if (lines.some((line) => line.startsWith('draft'))) {
      next += 4
      lines = b.drafted(question++, [next, next + 1, next + 2, next + 3])
      continue
    }
    const { flights } = b.scheduler.insides.runTable
    for (const { rows } of flights) for (const { ancestors } of rows) ancestorsMax = Math.max(ancestorsMax, ancestors.length) // biome-ignore format: one line reads better
    const { number } = flights[0]!
    b.passed(flights.at(-1)!.number)
    lines = b.returned(number)
    while (lines.at(-1)?.startsWith('judge')) lines = b.token(100 + emitted++)
  }
  assert.ok(emitted >= 250)
  assert.ok(ancestorsMax < 40, `${ancestorsMax} ancestors`)
})

test.run()
