// Special tokens in a text: against the rule applied token by token to lists of fragments, as llama.cpp does it.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createTokenizer } from '../../tokenizer/index.ts'
import { type Fragment, SpecialTokens } from '../../tokenizer/special-tokens.ts'
import { sharedTest } from '../shared.ts'
import { fakeVocabulary, vocabularyOfFile } from './fake-metadata.ts'

const TOKENS = [
  '<unk>',
  '<s>',
  '</s>',
  '<',
  '<<',
  '<<<',
  '>>',
  '<>',
  'aa',
  'aaa',
  '<|x|>',
  '\n\n',
  ' ',
  'é',
  '<mask>',
  '[MASK]',
]
const TYPES = [2, 3, 3, 4, 4, 3, 4, 3, 4, 3, 4, 4, 4, 4, 3, 4]

function vocabularyOf(name: string, pre: string) {
  return fakeVocabulary({ model: 'gpt2', pre, 'general.name': name, tokens: TOKENS, token_type: TYPES, merges: [] })
}

function partitionSlowly(
  text: string,
  parseSpecial: boolean,
  strips: (token: string) => 'left' | 'right' | undefined,
  { texts, types } = { texts: TOKENS, types: TYPES },
): Fragment[] {
  const bytes = (token: string) => new TextEncoder().encode(token).length
  const order = texts.map((_, id) => id).sort((a, b) => bytes(texts[b]!) - bytes(texts[a]!) || a - b)
  let fragments: Fragment[] = [text]
  for (const id of order) {
    const token = texts[id]!
    if (!parseSpecial && types[id] !== 4) continue
    fragments = fragments.flatMap((fragment) => {
      if (typeof fragment !== 'string') return [fragment]
      const parts: Fragment[] = []
      let rest = fragment
      for (let at = rest.indexOf(token); at >= 0; at = rest.indexOf(token)) {
        const left = rest.slice(0, at)
        parts.push(strips(token) === 'left' ? left.replace(/[ \t-\r]+$/, '') : left, id)
        rest = rest.slice(at + token.length)
        if (strips(token) === 'right') rest = rest.replace(/^[ \t-\r]+/, '')
      }
      return [...parts, rest]
    })
  }
  return fragments.filter((fragment) => fragment !== '')
}

const anyText = fc
  .array(fc.constantFrom(...TOKENS, 'a', '>', ' ', '\n', '\t', '\u00a0', 'text'), { maxLength: 14 })
  .map((parts) => parts.join(''))

test('longest first, from left to right', () => {
  const special = new SpecialTokens(vocabularyOf('x', 'gpt-2'))
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, parse) => {
      assert.equal(
        special.partition(text, parse),
        partitionSlowly(text, parse, () => undefined),
      )
    }),
    { numRuns: 2000 },
  )
})

test('Phi-3: special tokens swallow the white space that follows', () => {
  const special = new SpecialTokens(vocabularyOf('My Phi-3 mini', 'gpt-2'))
  const exempt = ['<unk>', '<s>', '<|endoftext|>']
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, parse) => {
      const expected = partitionSlowly(text, parse, (token) => (exempt.includes(token) ? undefined : 'right'))
      assert.equal(special.partition(text, parse), expected)
    }),
    { numRuns: 2000 },
  )
})

test('mask tokens swallow the white space before them', () => {
  for (const [name, pre, mask] of [
    ['x', 'jina-v2-de', '<mask>'],
    ['Modern-BERT', 'modern-bert', '[MASK]'],
  ] as const) {
    const special = new SpecialTokens(vocabularyOf(name, pre))
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(
          special.partition(text, true),
          partitionSlowly(text, true, (token) => (token === mask ? 'left' : undefined)),
        )
      }),
    )
  }
})

test('any tokens, one inside another: longest first, from left to right', () => {
  const token = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 7 })
  const tokens = fc.uniqueArray(token, { minLength: 1, maxLength: 14 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', 'x'), maxLength: 60 })
  fc.assert(
    fc.property(
      tokens,
      fc.infiniteStream(fc.constantFrom(3, 4)),
      text,
      fc.boolean(),
      (texts, kinds, searched, parse) => {
        const types = texts.map(() => kinds.next().value as number)
        const vocabulary = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens: texts, token_type: types, merges: [] })
        const expected = partitionSlowly(searched, parse, () => undefined, { texts, types })
        assert.equal(new SpecialTokens(vocabulary).partition(searched, parse), expected)
      },
    ),
    { numRuns: 3000 },
  )
})

test('tokens that are no UTF-8 are never found, the replacement character is', () => {
  const tokens = [Uint8Array.of(0xff), Uint8Array.of(0xc3), Uint8Array.of(0xa9), '\ufffd', 'x']
  const vocabulary = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens, token_type: [4, 4, 4, 4, 4], merges: [] })
  assert.equal(new SpecialTokens(vocabulary).partition('é\ufffdx', true), ['é', 3, 4])
})

// Each would take hours if a step was taken for every character of a token at every character of the text.
test('long tokens in long texts of the same character take no quadratic time', () => {
  const [million, many] = [2 ** 20, 2 ** 22]
  const single = (tokens: string[]) =>
    new SpecialTokens(
      fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens, token_type: tokens.map(() => 4), merges: [] }),
    )
  const long = single(['a'.repeat(million)])
  assert.equal(long.partition('a'.repeat(million - 1), true), ['a'.repeat(million - 1)])
  assert.equal(long.partition('a'.repeat(3 * million + 1), true), [0, 0, 0, 'a'])
  const almost = single([`${'a'.repeat(million)}b`, `b${'a'.repeat(million)}`])
  assert.is(almost.partition('a'.repeat(many), true).length, 1)
  assert.equal(almost.partition(`${'a'.repeat(million)}b${'a'.repeat(million)}`, true), [0, 'a'.repeat(million)])
})

test('as many tokens as fit, each the beginning of the next: a cut short one makes way without a search', () => {
  const count = 1500
  const tokens = [
    ...Array.from({ length: count }, (_, i) => 'a'.repeat(i + 1)),
    `${'a'.repeat(count / 2)}${'c'.repeat(count)}`,
  ]
  const special = new SpecialTokens(
    fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens, token_type: tokens.map(() => 4), merges: [] }),
  )
  const part = `${'a'.repeat(2 * count)}${'c'.repeat(count)}`
  const fragments = special.partition(part.repeat(400), true)
  assert.equal(fragments.slice(0, 3), [count - 1, count / 2 - 1, count])
  assert.is(fragments.length, 1200)
})

test('a text of nothing but special tokens takes no quadratic time', () => {
  const special = new SpecialTokens(vocabularyOf('x', 'gpt-2'))
  for (const text of ['a', '<', '\n', '<s>', ' ']) {
    assert.ok(special.partition(text.repeat(500_000), true).length > 0)
  }
})

sharedTest(test, 'phi-3: chat markers', 'vectors/vocab/ggml-vocab-phi-3.gguf', (path) => {
  const vocabulary = vocabularyOfFile(path)
  const { encode } = createTokenizer(vocabulary)
  const [user, end, assistant] = [32010, 32007, 32001]
  const chat = encode('<|user|>\nHi<|end|>\n<|assistant|>\n', { addBos: true, parseSpecial: true })
  assert.equal(chat, [1, user, 6324, end, assistant])
  assert.is(encode('<|user|>', { addBos: false, parseSpecial: false }).includes(user), false)
})

test.run()
