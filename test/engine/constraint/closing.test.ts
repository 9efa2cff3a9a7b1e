// The lengths of shortest ways are the least that fit together, whatever the order in which states were made.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { planClosing } from '../../../engine/constraint/closing.ts'
import type { State } from '../../../engine/constraint/grammar.ts'
import { ShortestFirst } from '../../../engine/constraint/shortest-first.ts'

const COUNT = 12
const id = fc.nat(COUNT + 1)
const states: fc.Arbitrary<State> = fc.oneof(
  fc.record({
    kind: fc.constant('bytes' as const),
    edges: fc.array(
      fc.tuple(fc.nat(255), fc.nat(20), id).map(([low, more, to]) => [low, Math.min(255, low + more), to] as const),
      { maxLength: 3 },
    ),
  }),
  fc.record({ kind: fc.constant('split' as const), to: fc.array(id, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant('call' as const), start: id, to: id }),
  fc.record({ kind: fc.constant('repeat' as const), body: id, least: fc.nat(3), most: fc.constant(9), to: id }),
)

const canSpell = Array.from({ length: 256 }, (_, byte) => byte % 3 !== 0)
const canSpellOne = (low: number, high: number) => canSpell.slice(low, high + 1).includes(true)

/** Lengths from nothing known on, round after round, until none gets shorter. */
function lengthsOf(all: readonly State[]): number[] {
  const lengths = all.map(() => Number.POSITIVE_INFINITY)
  const lengthOf = (state: State): number => {
    switch (state.kind) {
      case 'return':
        return 0
      case 'bytes':
        return Math.min(
          ...state.edges.map(([low, high, to]) =>
            canSpellOne(low, high) ? 1 + lengths[to]! : Number.POSITIVE_INFINITY,
          ),
          Number.POSITIVE_INFINITY,
        )
      case 'split':
        return Math.min(...state.to.map((to) => lengths[to]!))
      case 'call':
        return lengths[state.start]! + lengths[state.to]!
      case 'repeat':
        return (state.least > 0 ? state.least * lengths[state.body]! : 0) + lengths[state.to]!
    }
  }
  for (let changed = true; changed; ) {
    changed = false
    for (const [i, state] of all.entries()) {
      const length = lengthOf(state)
      if (length < lengths[i]!) changed = true
      lengths[i] = Math.min(lengths[i]!, length)
    }
  }
  return lengths
}

test('lengths are the least there are, and the byte to take leads to a state that is one closer', () => {
  fc.assert(
    fc.property(fc.array(states, { minLength: COUNT, maxLength: COUNT }), (made) => {
      const all: State[] = [{ kind: 'return' }, { kind: 'bytes', edges: [] }, ...made]
      const { bytes, byte, next } = planClosing({ states: all, start: 2 }, canSpell)
      assert.equal(Array.from(bytes), lengthsOf(all))
      for (const [i, state] of all.entries()) {
        if (state.kind !== 'bytes' || bytes[i] === Number.POSITIVE_INFINITY) continue
        assert.is(bytes[next[i]!]! + 1, bytes[i])
        assert.ok(canSpell[byte[i]!])
        assert.ok(state.edges.some(([low, high, to]) => to === next[i] && byte[i]! >= low && byte[i]! <= high))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a heap gives the shortest first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (lengths) => {
      const heap = new ShortestFirst()
      for (const [state, length] of lengths.entries()) heap.add(length, state)
      const taken = lengths.map(() => lengths[heap.take()]!)
      assert.equal(
        taken,
        lengths.toSorted((a, b) => a - b),
      )
      assert.is(heap.take(), -1)
    }),
  )
})

test.run()
