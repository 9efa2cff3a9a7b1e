// The tree of texts against comparing with every one of them.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { IndexedText, type PrefixMatch, TokenTree } from '../../../engine/scheduler/token-tree.ts'

const tokens = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 12 })

type Step =
  | { readonly kind: 'add'; readonly tokens: number[]; readonly written: number; readonly isRunning: boolean }
  | { readonly kind: 'remove' | 'advance' | 'hold' | 'release'; readonly which: number }
  | { readonly kind: 'match'; readonly tokens: number[]; readonly end: number; readonly order: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('add' as const), tokens, written: fc.nat(12), isRunning: fc.boolean() }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('remove' as const, 'advance' as const, 'hold' as const, 'release' as const),
        which: fc.nat(50),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('match' as const), tokens, end: fc.nat(12), order: fc.nat(30) }),
    },
  ),
  { maxLength: 60 },
)

function common(a: readonly number[], b: readonly number[], end: number): number {
  let length = 0
  while (length < Math.min(end, a.length, b.length) && a[length] === b[length]) length++
  return length
}

/** What comparing with everybody says. */
function expected(texts: readonly IndexedText[], wanted: readonly number[], end: number, order: number) {
  const most = (lengths: number[]) => Math.max(0, ...lengths)
  const lengthOf = (text: IndexedText) => common(text.tokens.slice(0, text.length), wanted, end)
  const earlier = texts.filter((text) => text.order < order)
  const comingLength = most(earlier.map(lengthOf))
  return {
    length: most(texts.map((text) => Math.min(text.written, lengthOf(text)))),
    held: most(texts.filter(({ holders }) => holders > 0).map(lengthOf)),
    comingLength,
    coming:
      comingLength === 0
        ? undefined
        : Math.min(...earlier.filter((text) => lengthOf(text) === comingLength).map((text) => text.order)),
  }
}

function check(
  texts: readonly IndexedText[],
  found: PrefixMatch,
  wanted: readonly number[],
  end: number,
  order: number,
): void {
  const { length, held, comingLength, coming } = expected(texts, wanted, end, order)
  assert.equal(
    [found.length, found.held, found.comingLength, found.coming?.order],
    [length, held, comingLength, coming],
  )
  if (length === 0) return assert.is(found.text, undefined)
  const { text } = found
  assert.ok(text && texts.includes(text) && Math.min(text.written, common(text.tokens, wanted, end)) === length)
}

test('a lookup says what comparing with every text would', () => {
  const property = fc.property(steps, (drawn) => {
    const tree = new TokenTree()
    const texts: IndexedText[] = []
    for (const [i, step] of drawn.entries()) {
      if (step.kind === 'add') {
        const written = step.isRunning ? Math.min(step.written, step.tokens.length) : step.tokens.length
        const text = new IndexedText(step.tokens, [], written, step.isRunning ? i : undefined)
        tree.add(text)
        texts.push(text)
        // What a running text grows by is not in the tree.
        if (step.isRunning) step.tokens.push(0)
        continue
      }
      if (step.kind === 'match') {
        check(
          texts,
          tree.match(step.tokens, Math.min(step.end, step.tokens.length), step.order),
          step.tokens,
          Math.min(step.end, step.tokens.length),
          step.order,
        )
        continue
      }
      const text = texts[step.which % Math.max(1, texts.length)]
      if (!text) continue
      if (step.kind === 'remove') tree.remove(texts.splice(texts.indexOf(text), 1)[0]!)
      else if (step.kind === 'advance') tree.advance(text, Math.min(text.length, text.written + (step.which % 5)))
      else if (step.kind === 'hold') tree.hold(text, 1)
      else if (text.holders > 0) tree.hold(text, -1)
    }
    for (const text of texts.slice()) {
      const within = new Set([...tree.within(text)])
      const shorter = texts.filter(
        (other) => other.length < text.length && common(other.tokens, text.tokens, 99) >= other.length,
      )
      assert.equal(within, new Set(shorter))
    }
    for (const text of texts) tree.remove(text)
    assert.ok(tree.isEmpty)
  })
  fc.assert(property, { numRuns: 3000 })
})

test('a lookup reads the tokens of the match and no others, however many texts there are', () => {
  const tree = new TokenTree()
  let reads = 0
  const counted = (text: readonly number[]) =>
    new Proxy(text, {
      get: (target, name, receiver) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++
        return Reflect.get(target, name, receiver)
      },
    })
  const beginning = Array.from({ length: 100 }, () => 7)
  for (let i = 0; i < 500; i++) tree.add(new IndexedText([...beginning, i, 1, 2, 3], [], 104))
  const { length } = tree.match(counted([...beginning, 250, 1, 9]), 103)
  assert.is(length, 102)
  // Each token of the match, the one that differs, and one more at every node.
  assert.ok(reads <= 106, `${reads} tokens`)
})

test.run()
