import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NgramText } from '../../../../engine/speculation/drafters/ngram-text.ts'
import { PROBABILITY_ONE } from '../../../../engine/speculation/guess.ts'
import { assertNearLinear } from '../../../growth.ts'

const codes = (text: string): number[] => Array.from(text, (char) => char.charCodeAt(0))
const draft = (drafter: NgramText, count: number, assumed = ''): string =>
  drafter
    .guess(codes(assumed), count)
    .map(({ token }) => String.fromCharCode(token))
    .join('')

test('what followed the longest match', () => {
  const drafter = new NgramText(codes('the cat sat. a dog ran. the cat '))
  assert.is(draft(drafter, 5), 'sat. ')
  assert.is(new NgramText(codes('xab1 yab2 xab')).guess([], 1)[0]!.token, codes('1')[0])
})

test('of equal matches the latest', () => {
  assert.is(draft(new NgramText(codes('ab1 ab2 ab')), 3), '2 a')
})

test('a copy runs on into itself', () => {
  assert.is(draft(new NgramText(codes('abcabc')), 8), 'abcabcab')
  assert.is(draft(new NgramText(codes('aa')), 4), 'aaaa')
})

test('nothing without a match', () => {
  assert.is(draft(new NgramText(codes('abc')), 4), '')
  assert.is(draft(new NgramText(), 4), '')
  assert.is(draft(new NgramText(codes('abc')), 4, 'x'), '')
})

test('what is assumed is followed', () => {
  const drafter = new NgramText(codes('one two. one six. on'))
  assert.is(draft(drafter, 5, 'e t'), 'wo. o')
  assert.is(draft(drafter, 5, 'e s'), 'ix. o')
  assert.is(draft(drafter, 3), 'e s')
  assert.is(draft(drafter, 2, 'zz'), '', 'a match must reach the end')
})

test('guesses are a chain, and more of the text makes them surer', () => {
  const drafter = new NgramText(codes('abcd'.repeat(10)))
  const guesses = drafter.guess([], 4)
  assert.equal(
    guesses.map(({ parent }) => parent),
    [-1, 0, 1, 2],
  )
  assert.ok(guesses.every(({ probability }) => Number.isInteger(probability) && probability > 0.9 * PROBABILITY_ONE))
})

test('a text that does not repeat itself silences the drafter', () => {
  // Every pair of tokens occurs once, so whatever a match of one token proposes is wrong.
  const drafter = new NgramText()
  for (let step = 1; step < 40; step++) for (let i = 0, at = 0; i < 83; i++, at = (at + step) % 83) drafter.accept(at)
  const [guess] = drafter.guess([], 1)
  assert.ok(!guess || guess.probability < 0.15 * PROBABILITY_ONE, `${guess?.probability}`)
})

/** The longest suffix that occurs earlier, by trying all. */
function longestMatch(text: readonly number[]): number {
  for (let length = text.length - 1; length > 0; length--) {
    for (let end = text.length - 1; end >= length; end--) {
      let same = 0
      while (same < length && text[end - 1 - same] === text[text.length - 1 - same]) same++
      if (same === length) return length
    }
  }
  return 0
}

test('every guess follows an occurrence of the longest suffix', () => {
  const texts = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 })
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }), (text, assumed) => {
      const drafter = new NgramText(text)
      const [guess] = drafter.guess([], 1)
      const length = longestMatch(text)
      assert.is(guess !== undefined, length > 0)
      if (guess) {
        const suffix = text.slice(text.length - length).join()
        const places = text.map((_, i) => text.slice(i, i + length).join() === suffix && text[i + length])
        assert.ok(places.includes(guess.token))
      }
      // What is assumed and then becomes certain is one text: the certain part of a match may only grow.
      const before = drafter.guess(assumed, 3)
      for (const token of assumed) drafter.accept(token)
      if (before.length > 0) assert.is(drafter.guess([], 3).length, 3)
    }),
    { numRuns: 500 },
  )
})

test('work is linear in the text', () => {
  for (const period of [1, 7, 100_000]) {
    const work = (tokens: number) => {
      const drafter = new NgramText()
      for (let i = 0; i < tokens; i++) {
        drafter.accept((i % period) * 7)
        if (i % 4 === 0) drafter.guess([], 4)
      }
    }
    assertNearLinear(work, 200_000, `period ${period}`)
  }
})

test.run()
