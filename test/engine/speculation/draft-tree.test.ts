import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Acceptance } from '../../../engine/speculation/auto/acceptance.ts'
import { DraftTree } from '../../../engine/speculation/draft-tree.ts'
import { PROBABILITY_ONE } from '../../../engine/speculation/guess.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'

const guess = (token: number, chance: number) => ({
  parent: -1,
  token,
  probability: Math.round(chance * PROBABILITY_ONE),
})

/** A tree behind token 10 at position 0 that is asked and answered until nothing is open. */
function drafted(policy: 'sync' | 'pipe', worthMin: number, chances: readonly number[]): DraftTree<number> {
  const tree = new DraftTree<number>(resolveDraft(policy, { nMax: 8, pMin: 0.1 }), 10, 0)
  tree.worthMin = Math.round(worthMin * PROBABILITY_ONE)
  for (const [index, chance] of chances.entries()) {
    const tip = tree.openTip(100)
    if (!tip) break
    tip.asked = true
    tree.working = tip
    tree.answer([guess(11 + index, chance)], 1000, 100)
  }
  return tree
}

const tokens = (tree: DraftTree<number>) => tree.pending().map(({ token }) => token)

test('without a least chance a chain goes on while every guess is likely by itself', () => {
  assert.equal(tokens(drafted('sync', 0, [0.8, 0.8, 0.8, 0.8])), [11, 12, 13, 14])
})

test('a chain ends where all of it together is too unlikely', () => {
  assert.equal(tokens(drafted('sync', 0.6, [0.8, 0.8, 0.8, 0.8])), [11, 12])
  assert.equal(tokens(drafted('sync', 0.9, [0.8])), [])
})

test('sync: what was held back is near enough when what lies before it has become certain', () => {
  const tree = drafted('sync', 0.6, [0.8, 0.7])
  assert.equal(tokens(tree), [11], 'the second is reached with 0.56')
  tree.submit(tree.pending()[0]!, 0)
  tree.advance(11)
  assert.equal(tokens(tree), [12])
})

test('pipe: a chain goes on however long it is, as long as every guess is likely by itself', () => {
  assert.equal(tokens(drafted('pipe', 0.6, [0.8, 0.8, 0.8, 0.8, 0.5, 0.8])), [11, 12, 13, 14])
})

/** A drafter that answers with the next six numbers, each with chance `chance`, as long as it is asked. */
function ask(tree: DraftTree<number>, chance: number): void {
  for (let tip = tree.openTip(1000); tip && tree.pendingCount < tree.nMax; tip = tree.openTip(1000)) {
    tip.asked = true
    tree.working = tip
    const next = tip.position + 11
    const chain = Array.from({ length: 6 }, (_, i) => ({ ...guess(next + i, chance), parent: i - 1 }))
    tree.answer(chain, 1000, 1000)
  }
}

test('claims are held against what came of them, also of guesses that were not sent', () => {
  for (const claim of [0.3, 0.7, 1]) {
    for (const isRight of [true, false]) {
      const tree = drafted('sync', 0.5, [])
      tree.learner = new Acceptance()
      for (let token = 11; token < 111; token++) {
        ask(tree, claim)
        tree.advance(isRight ? token : 999)
      }
      ask(tree, claim)
      assert.is(tree.pendingCount, isRight ? 8 : 0, `claims ${claim}, ${isRight ? 'always' : 'never'} right`)
    }
  }
})

test('however long a chain was right, what follows is as near as ever', () => {
  const tree = drafted('sync', 0.6, [])
  ask(tree, 0.8)
  for (let token = 11; token < 300; token++) {
    assert.equal(tokens(tree), [token, token + 1])
    tree.advance(token)
    tree.advance(token + 1)
    token++
    ask(tree, 0.8)
  }
})

test.run()
