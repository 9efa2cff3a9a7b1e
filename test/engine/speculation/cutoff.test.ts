import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cutoffOffset, selectGuesses } from '../../../engine/speculation/cutoff.ts'
import { DraftTree } from '../../../engine/speculation/draft-tree.ts'
import { type Guess, PROBABILITY_ONE } from '../../../engine/speculation/guess.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'

const share = (probability: number): number => Math.round(probability * PROBABILITY_ONE)
const guess = (token: number, probability: number, parent = -1): Guess => ({ parent, token, probability: share(probability) }) // biome-ignore format: one line reads better
const tokens = (guesses: readonly Guess[]) => guesses.map(({ token }) => token)
const NOTHING = { sent: 0, failed: 0 }

test('the offset rises with what was sent and falls with what failed', () => {
  const parameters = resolveDraft('pipe', { pRecovery: 0.1, pDecay: 0.02 })
  assert.is(cutoffOffset(parameters, NOTHING), 0)
  assert.is(cutoffOffset(parameters, { sent: 3, failed: 0 }), 3 * share(0.1))
  assert.is(cutoffOffset(parameters, { sent: 3, failed: 4 }), 3 * share(0.1) - 4 * share(0.02))
})

test('the best guess must reach the cutoff, siblings must exceed the split threshold', () => {
  const parameters = resolveDraft('pipe', { pMin: 0.4, pSplit: 0.2 })
  const guesses = [guess(1, 0.25), guess(2, 0.5), guess(3, 0.2), guess(4, 0.05)]
  assert.equal(tokens(selectGuesses(guesses, parameters, NOTHING, 8)), [2, 1])
  assert.equal(tokens(selectGuesses(guesses, parameters, NOTHING, 0)), [2])
  assert.equal(selectGuesses([guess(1, 0.39)], parameters, NOTHING, 8), [])
  assert.equal(tokens(selectGuesses([guess(1, 0.4)], parameters, NOTHING, 8)), [1])
  assert.equal(selectGuesses([], parameters, NOTHING, 8), [])
})

test('both thresholds move together', () => {
  const parameters = resolveDraft('pipe', { pMin: 0.4, pSplit: 0.2, pRecovery: 0.1, pDecay: 0.1 })
  const guesses = [guess(2, 0.5), guess(1, 0.3)]
  assert.equal(tokens(selectGuesses(guesses, parameters, NOTHING, 8)), [2, 1])
  assert.equal(tokens(selectGuesses(guesses, parameters, { sent: 1, failed: 0 }, 8)), [2])
  assert.equal(selectGuesses(guesses, parameters, { sent: 2, failed: 0 }, 8), [])
  assert.equal(tokens(selectGuesses(guesses, parameters, { sent: 2, failed: 2 }, 8)), [2, 1])
})

test('nothing passes a cutoff of 1', () => {
  const sure = [guess(1, 1)]
  assert.equal(selectGuesses(sure, resolveDraft('pipe', { pMin: 1 }), NOTHING, 8), [])
  const recovering = resolveDraft('pipe', { pMin: 0.5, pRecovery: 0.5 })
  assert.is(selectGuesses(sure, recovering, NOTHING, 8).length, 1)
  assert.equal(selectGuesses(sure, recovering, { sent: 1, failed: 0 }, 8), [])
})

test('the same token is taken once', () => {
  const parameters = resolveDraft('pipe', { pMin: 0.1, pSplit: 0.1 })
  assert.equal(tokens(selectGuesses([guess(1, 0.5), guess(1, 0.4)], parameters, NOTHING, 8)), [1])
})

const VOCABULARY = 100
function tree(options: Parameters<typeof resolveDraft>[1]): DraftTree<object> {
  return new DraftTree<object>(resolveDraft('pipe', options), 7, 10)
}
function answer(to: DraftTree<object>, guesses: readonly Guess[]): void {
  const tip = to.openTip(1000)!
  tip.asked = true
  to.working = tip
  to.answer(guesses, VOCABULARY, 1000)
}
const drafted = (of: DraftTree<object>) => of.pending().map(({ token, position }) => `${token}@${position}`)

test('a certain token resets both counts', () => {
  const t = tree({ pMin: 0.5, pDecay: 0.05 })
  answer(t, [guess(1, 0.41)])
  t.sent = 3
  assert.is(t.failed, 1)
  assert.equal(drafted(t), [])
  t.advance(1)
  assert.is(t.sent, 0)
  assert.is(t.failed, 0)
})

test('what was too unlikely is taken when decay has lowered the cutoff far enough', () => {
  const t = tree({ pMin: 0.5, pDecay: 0.05 })
  answer(t, [guess(1, 0.41)])
  assert.is(t.openTip(1000), undefined, 'it is not drafted again')
  t.retryHeld(true)
  assert.is(t.failed, 2)
  t.retryHeld(true)
  assert.equal(drafted(t), ['1@11'])
  assert.is(t.failed, 2)
})

test('what recovery held back is taken when a token has become certain', () => {
  const t = tree({ pMin: 0.5, pRecovery: 0.2 })
  answer(t, [guess(1, 0.9), guess(2, 0.6, 0)])
  assert.equal(drafted(t), ['1@11', '2@12'])
  t.sent = 1
  answer(t, [guess(3, 0.6)])
  assert.equal(drafted(t), ['1@11', '2@12'])
  t.advance(1)
  assert.equal(drafted(t), ['2@12', '3@13'])
})

test('a right sibling becomes the root with all that was built on it', () => {
  const t = tree({ nMax: 8, pMin: 0.1, pSplit: 0.1 })
  answer(t, [guess(1, 0.5), guess(2, 0.4), guess(3, 0.9, 1), guess(4, 0.8, 0)])
  assert.equal(drafted(t), ['1@11', '2@11', '4@12', '3@12'])
  t.advance(2)
  assert.is(t.root.token, 2)
  assert.equal(drafted(t), ['3@12'])
  t.advance(9)
  assert.equal(drafted(t), [])
  assert.is(t.root.position, 12)
})

test('no more than nMax tokens wait, and the cut end is drafted later', () => {
  const t = tree({ nMax: 2, pMin: 0 })
  answer(t, [guess(1, 1), guess(2, 1, 0), guess(3, 1, 1)])
  assert.equal(drafted(t), ['1@11', '2@12'])
  assert.is(t.openTip(1000)?.token, 2)
})

test('a question is withdrawn with the place it was about, and only then', () => {
  const t = tree({ pMin: 0.1, pSplit: 0.1 })
  answer(t, [guess(1, 0.5), guess(2, 0.4)])
  t.working = t.openTip(1000)
  assert.is(t.working?.token, 1)
  t.advance(1)
  assert.is(t.working, t.root)
  t.advance(5)
  assert.is(t.working, undefined)
})

test('tokens that do not exist are dropped with what follows them', () => {
  const t = tree({ pMin: 0.1, pSplit: 0.1 })
  answer(t, [
    guess(-1, 0.9),
    guess(5, 0.5, 0),
    guess(VOCABULARY, 0.8),
    guess(0.5, 0.7),
    guess(6, 0.6),
    guess(8, 0.5, 4),
  ])
  assert.equal(drafted(t), ['6@11', '8@12'])
})

test.run()
