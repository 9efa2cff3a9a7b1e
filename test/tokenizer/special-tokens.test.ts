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
): Fragment[] {
  const bytes = (token: string) => new TextEncoder().encode(token).length
  const order = TOKENS.map((_, id) => id).sort((a, b) => bytes(TOKENS[b]!) - bytes(TOKENS[a]!) || a - b)
  let fragments: Fragment[] = [text]
  for (const id of order) {
    const token = TOKENS[id]!
    if (!parseSpecial && TYPES[id] !== 4) continue
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
