import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { compileStopStrings, StopWatch, type TokenBytes } from '../../../engine/sampling/stop-strings.ts'

const encoder = new TextEncoder()
const watch = (stops: readonly string[], tokens: TokenBytes): StopWatch =>
  new StopWatch(compileStopStrings(stops.map((stop) => encoder.encode(stop))), tokens)

/** A vocabulary of the given texts. */
function tableOf(texts: readonly string[]): TokenBytes {
  const parts = texts.map((text) => encoder.encode(text))
  const offsets = Uint32Array.from({ length: parts.length + 1 }, (_, i) =>
    parts.slice(0, i).reduce((sum, { length }) => sum + length, 0),
  )
  return { bytes: Uint8Array.from(parts.flatMap((part) => [...part])), offsets }
}

/** Accepts the texts one token each; the bytes kept after every token, and how it ended. */
function run(stops: readonly string[], texts: readonly string[]): { kept: number[]; stopped: boolean } {
  const constraint = watch(stops, tableOf(texts))
  const kept: number[] = []
  for (let token = 0; token < texts.length; token++) {
    const verdict = constraint.accept(token)
    kept.push(constraint.keptBytes)
    if (verdict === 'stop') return { kept, stopped: true }
  }
  return { kept, stopped: false }
}

test('inside one token, and the text is cut before it', () => {
  assert.equal(run(['STOP'], ['one ', 'two STOP three']), { kept: [4, 8], stopped: true })
})

test('across token borders: held back while undecided', () => {
  assert.equal(run(['STOP'], ['a S', 'TO', 'P b']), { kept: [2, 2, 2], stopped: true })
  assert.equal(run(['STOP'], ['a S', 'TO', 'Q b']), { kept: [2, 2, 8], stopped: false })
})

test('a false start may hide the true one', () => {
  assert.equal(run(['aab'], ['a', 'a', 'a', 'b']), { kept: [0, 0, 1, 1], stopped: true })
  assert.equal(run(['\n\nUser:'], ['x\n', '\n\n', 'User', ':']), { kept: [1, 2, 2, 2], stopped: true })
})

test('the first completed ends it; of two that end together the longer', () => {
  assert.equal(run(['abcd', 'bc'], ['xabcd']), { kept: [2], stopped: true })
  assert.equal(run(['c', 'abc'], ['xabc']), { kept: [1], stopped: true })
})

test('a character split over byte tokens', () => {
  const bytes = encoder.encode('né')
  const tokens: TokenBytes = { bytes, offsets: Uint32Array.of(0, 1, 2, 3) }
  const constraint = watch(['é'], tokens)
  assert.equal(
    [0, 1, 2].map((token) => constraint.accept(token)),
    ['continue', 'continue', 'stop'],
  )
  assert.is(constraint.keptBytes, 1)
})

test('tokens without bytes change nothing', () => {
  assert.equal(run(['ab'], ['a', '', 'b']), { kept: [0, 0, 0], stopped: true })
})

test('bad stop strings', () => {
  for (const stops of [[''], ['x'.repeat(5000)]]) {
    assert.throws(
      () => compileStopStrings(stops.map((stop) => encoder.encode(stop))),
      (error: unknown) => error instanceof TsinferError && error.code === 'option_invalid',
    )
  }
  assert.ok(compileStopStrings([encoder.encode('x'.repeat(4096))]))
})

/** Where the text is cut by the plain rule: shortest text whose end is a stop string, less the longest such string. */
function naiveCut(stops: readonly string[], text: string): number | undefined {
  for (let end = 1; end <= text.length; end++) {
    const matching = stops.filter((stop) => text.slice(0, end).endsWith(stop))
    if (matching.length > 0) return end - Math.max(...matching.map(({ length }) => length))
  }
  return undefined
}

test('equals the plain rule for any texts and any token borders', () => {
  const text = (least: number, most: number) =>
    fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: least, maxLength: most }).map((letters) => letters.join(''))
  fc.assert(
    fc.property(
      fc.array(text(1, 5), { minLength: 1, maxLength: 4 }),
      fc.array(text(0, 4), { maxLength: 12 }),
      (stops, texts) => {
        const { kept, stopped } = run(stops, texts)
        const all = texts.join('')
        const cut = naiveCut(stops, all)
        assert.is(stopped, cut !== undefined)
        if (cut !== undefined) assert.is(kept.at(-1), cut)
        // What was surely text stays text, and nothing is held back without reason.
        kept.forEach((bytes, i) => {
          assert.ok(bytes >= (kept[i - 1] ?? 0))
          if (cut !== undefined) assert.ok(bytes <= cut)
          else {
            const held = texts
              .slice(0, i + 1)
              .join('')
              .slice(bytes)
            assert.ok(held === '' || stops.some((stop) => stop.startsWith(held)))
          }
        })
      },
    ),
    { numRuns: 2000 },
  )
})

test.run()
