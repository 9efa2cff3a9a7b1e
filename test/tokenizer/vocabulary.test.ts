// What a vocabulary's metadata mean, and which are refused.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, TsinferError } from '../../engine/errors.ts'
import { byteStringAt } from '../../tokenizer/byte-strings.ts'
import { createTokenizer, detokenize, type Vocabulary } from '../../tokenizer/index.ts'
import { sharedTest } from '../shared.ts'
import { BYTE_TOKENS, type FakeValue, fakeVocabulary, vocabularyOfFile } from './fake-metadata.ts'
import { awkwardText } from './texts.ts'

const SPM = {
  model: 'llama',
  tokens: ['<unk>', '<s>', '</s>', '▁', 'a'],
  token_type: [2, 3, 3, 1, 1],
  scores: [0, 0, 0, -1, -2],
}
const BPE = {
  model: 'gpt2',
  pre: 'gpt-2',
  tokens: ['a', 'b', 'ab', 'Ġ', '<e>'],
  token_type: [1, 1, 1, 1, 3],
  merges: ['a b'],
}

function refuses(values: Record<string, FakeValue>, code: ErrorCode, message: RegExp): void {
  try {
    fakeVocabulary(values)
    assert.unreachable(`accepted, expected ${message}`)
  } catch (error) {
    if (!(error instanceof TsinferError)) throw error
    assert.is(error.code, code)
    assert.match(error.message, message)
    assert.not.match(error.message, /\n/)
  }
}

function without(values: Record<string, FakeValue>, key: string): Record<string, FakeValue> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name !== key))
}

test('contradictions are refused', () => {
  refuses(without(SPM, 'model'), 'tokenizer_invalid', /tokenizer\.ggml\.model/)
  refuses({ ...SPM, model: 'rwkv' }, 'tokenizer_unsupported', /"rwkv"/)
  refuses({ ...BPE, pre: 'mystery' }, 'tokenizer_unsupported', /"mystery".*tokenizerPre/)
  refuses(without(SPM, 'tokens'), 'tokenizer_invalid', /tokens/)
  refuses({ ...SPM, tokens: [] }, 'tokenizer_invalid', /tokens/)
  refuses({ ...SPM, tokens: ['a', 'b', 'c', 'd', 'a'] }, 'tokenizer_invalid', /"a" as token 0 and as token 4/)
  refuses({ ...SPM, token_type: [1] }, 'tokenizer_invalid', /token_type.*5 tokens.*1/)
  refuses({ ...SPM, scores: [1, 2] }, 'tokenizer_invalid', /scores/)
  refuses({ ...SPM, scores: [1, 2, Number.NaN, 4, 5] }, 'tokenizer_invalid', /NaN for token 2/)
  refuses(without(BPE, 'merges'), 'tokenizer_invalid', /merges/)
  refuses({ ...BPE, add_bos_token: true }, 'tokenizer_invalid', /add_bos_token.*bos_token_id/)
  refuses({ ...BPE, add_eos_token: true }, 'tokenizer_invalid', /add_eos_token.*eos_token_id/)
  for (const text of ['<0xZZ>', '<0x1>', '0x41', '<0x141>']) {
    refuses(
      { ...SPM, tokens: ['<unk>', '<s>', '</s>', '▁', text], token_type: [2, 3, 3, 1, 6] },
      'tokenizer_invalid',
      /byte token 4/,
    )
  }
})

test('special ids beyond the vocabulary: the default is taken and that is said', () => {
  const roles = ['bos', 'eos', 'eot', 'eom', 'unknown', 'padding', 'fim_pre', 'fim_pad', 'suffix'] as const
  for (const role of roles) {
    for (const id of [5, 32000, 2 ** 31, 0xfffffffe, -7]) {
      const vocabulary = fakeVocabulary({ ...SPM, [`${role}_token_id`]: id })
      assert.equal(vocabulary.ids, { unknown: 0, bos: 1, eos: 2 })
      const used = { bos: '1', eos: '2', unknown: '0' }[role as string] ?? 'none'
      const said = `tokenizer.ggml.${role}_token_id: expected a token id below 5, found ${id}; ${used} is used`
      assert.equal(vocabulary.notices, [said])
    }
    assert.equal(fakeVocabulary({ ...SPM, [`${role}_token_id`]: 4 }).notices, [])
    // How converters write that there is none.
    for (const none of [-1, 0xffffffff]) {
      const vocabulary = fakeVocabulary({ ...SPM, [`${role}_token_id`]: none })
      assert.equal([vocabulary.ids, vocabulary.notices], [{ unknown: 0, bos: 1, eos: 2 }, []])
    }
  }
  const bpe = fakeVocabulary({ ...BPE, bos_token_id: 99, eos_token_id: 4 })
  assert.equal([bpe.ids, bpe.addBos, bpe.notices.length], [{ eos: 4 }, false, 1])
  refuses({ ...BPE, bos_token_id: 99, add_bos_token: true }, 'tokenizer_invalid', /add_bos_token.*bos_token_id/)
})

test('error messages: what a file says is quoted in part', () => {
  const long = 'x\n'.repeat(2 ** 20)
  const messages: string[] = []
  const note = (values: Record<string, FakeValue>) => {
    try {
      fakeVocabulary(values)
      assert.unreachable('accepted')
    } catch (error) {
      assert.instance(error, TsinferError)
      messages.push((error as TsinferError).message)
    }
  }
  note({ ...SPM, model: long })
  note({ ...BPE, pre: long })
  note({ ...SPM, tokens: ['a', long, 'c', 'd', long] })
  note({ ...SPM, tokens: ['<unk>', '<s>', '</s>', '▁', long], token_type: [2, 3, 3, 1, 6] })
  for (const message of messages) {
    assert.ok(message.length < 400, String(message.length))
    assert.not.match(message, /\n/)
  }
  assert.is(messages.length, 4)
  assert.ok(new TsinferError('aborted', long).message.length <= 8192)
})

test('merges of texts that are no tokens: as many as a file holds, found again and spelled in bytes', () => {
  const count = 3000
  const part = (i: number) =>
    i.toString(26).replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)))
  const merges = Array.from({ length: count }, (_, i) => `${part(i)} ${part(i + 1)}Q`)
  const letters = Array.from('abcdefghijklmnopqrstuvwxyzQ')
  const vocabulary = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens: letters, merges })
  const encode = (text: string) => createTokenizer(vocabulary).encode(text, { addBos: false, parseSpecial: false })
  assert.is(detokenize(vocabulary.table, encode('abcQabQcdQ')), 'abcQabQcdQ')
  // A symbol of a million bytes, made by doubling, that no token stands for.
  const doubling = Array.from({ length: 20 }, (_, i) => `${'a'.repeat(2 ** i)} ${'a'.repeat(2 ** i)}`)
  const doubled = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens: ['a'], merges: doubling })
  const ids = createTokenizer(doubled).encode('a'.repeat(2 ** 20), { addBos: false, parseSpecial: false })
  assert.is(ids.length, 2 ** 20)
})

test('equal, opposite and many different scores are ranked alike', () => {
  const scores = fc.array(fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1)), {
    minLength: 12,
    maxLength: 12,
  })
  const tokens = ['<unk>', 'a', 'b', 'aa', 'ab', 'ba', 'bb', 'aab', 'aba', 'abab', 'bab', 'bba']
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(scores, text, (values, word) => {
      const vocabulary = fakeVocabulary({ model: 'llama', tokens, scores: values, add_space_prefix: false })
      const ids = createTokenizer(vocabulary).encode(word, { addBos: false, parseSpecial: false })
      let symbols = Array.from(word)
      for (;;) {
        const pairs = symbols.slice(1).map((right, i) => ({ i, id: tokens.indexOf(symbols[i]! + right) }))
        const known = pairs.filter(({ id }) => id >= 0)
        if (known.length === 0) break
        const scoreOf = (id: number) => Math.fround(values[id]!) + 0
        const best = known.reduce((a, b) => (scoreOf(b.id) > scoreOf(a.id) ? b : a))
        symbols = [...symbols.slice(0, best.i), tokens[best.id]!, ...symbols.slice(best.i + 2)]
      }
      assert.equal(
        ids,
        symbols.map((symbol) => tokens.indexOf(symbol)),
      )
    }),
    { numRuns: 500 },
  )
})

test('defaults of SentencePiece', () => {
  const vocabulary = fakeVocabulary(SPM)
  assert.equal(vocabulary.ids, { unknown: 0, bos: 1, eos: 2 })
  assert.equal([vocabulary.addBos, vocabulary.addEos, vocabulary.table.addSpacePrefix], [true, false, true])
  assert.equal(vocabulary.endOfGeneration, [2])
  const encode = createTokenizer(vocabulary).encode
  assert.equal(encode('a a', { addBos: true, parseSpecial: false }), [1, 3, 4, 3, 4])
  assert.equal(encode('', { addBos: true, parseSpecial: false }), [1])
  assert.equal(encode('a', { addBos: true, addEos: true, parseSpecial: false }), [1, 3, 4])
  assert.equal(fakeVocabulary({ ...SPM, tokens: ['a', 'b'], token_type: [1, 1], scores: [0, 0] }).ids, {
    unknown: 0,
    bos: 1,
  })
})

test('the file decides where it says so', () => {
  const values = {
    ...SPM,
    add_bos_token: false,
    add_eos_token: true,
    add_space_prefix: false,
    padding_token_id: 0xffffffff,
  }
  const vocabulary = fakeVocabulary(values)
  assert.is(vocabulary.ids.padding, undefined)
  assert.equal(createTokenizer(vocabulary).encode('a', { addBos: true, addEos: true, parseSpecial: false }), [4, 2])
  assert.is(detokenize(vocabulary.table, [3, 4]), ' a')
})

test('defaults of byte-pair encoding', () => {
  assert.equal(fakeVocabulary(BPE).ids, {})
  assert.equal([fakeVocabulary(BPE).addBos, fakeVocabulary(BPE).table.addSpacePrefix], [false, false])
  assert.ok(fakeVocabulary({ ...BPE, pre: 'llama-bpe', bos_token_id: 4 }).addBos)
  assert.not.ok(fakeVocabulary({ ...BPE, pre: 'llama-bpe', bos_token_id: 4, add_bos_token: false }).addBos)
  assert.is(fakeVocabulary({ ...BPE, pre: 'mystery' }, 'qwen2').addBos, false)
})

test('empty texts, unused and undefined tokens print nothing and are never found', () => {
  const vocabulary = fakeVocabulary({ ...SPM, tokens: ['', '', 'u', '▁', 'x'], token_type: [1, 4, 5, 0, 9] })
  assert.is(detokenize(vocabulary.table, [0, 1, 2, 3, 4]), '')
})

test('odd merges: the first of equals counts, halves need not be tokens, lines without a space do nothing', () => {
  const tokens = ['a', 'b', 'c', 'abc', 'd', 'cd']
  const merges = ['c d', 'nonsense', 'a b', 'ab c', 'c d', 'x', '']
  const vocabulary = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens, merges })
  const encode = (text: string) => createTokenizer(vocabulary).encode(text, { addBos: false, parseSpecial: false })
  assert.equal(encode('abc'), [3])
  assert.equal(encode('abcd'), [0, 1, 5])
  assert.equal(encode('ab'), [0, 1])
  assert.equal(encode('azb'), [0, 1])
})

test('a whole word is taken where merges are ignored', () => {
  const tokens = ['a', 'b', 'ab', 'Ġ', 'Ġab', '<e>']
  const base = { model: 'gpt2', tokens, merges: ['Ġ a'], bos_token_id: 5 }
  const encode = (pre: string) =>
    createTokenizer(fakeVocabulary({ ...base, pre })).encode('ab ab', { addBos: false, parseSpecial: false })
  assert.equal(encode('llama-bpe'), [2, 4])
  assert.equal(encode('dbrx'), [0, 1, 0, 1])
})

test('SentencePiece without byte tokens falls back to the unknown token', () => {
  const encode = (values: Record<string, FakeValue>) =>
    createTokenizer(fakeVocabulary(values)).encode('aé', { addBos: false, parseSpecial: false })
  assert.equal(encode(SPM), [3, 4, 0, 0])
  const tokens = [...SPM.tokens, ...BYTE_TOKENS]
  const withBytes = {
    ...SPM,
    tokens,
    token_type: tokens.map((_, i) => (i < 5 ? SPM.token_type[i]! : 6)),
    scores: tokens.map(() => 0),
  }
  assert.equal(encode(withBytes), [3, 4, 5 + 0xc3, 5 + 0xa9])
})

test('tokens that end a text', () => {
  const ends = (tokens: string[], more: Record<string, FakeValue> = {}) => {
    const vocabulary = fakeVocabulary({ model: 'gpt2', pre: 'gpt-2', tokens, merges: [], ...more })
    return vocabulary.endOfGeneration.map((id) => tokens[id])
  }
  assert.equal(ends(['a', '<|im_end|>', '<|endoftext|>', '<|fim_pad|>', '<|file_sep|>', '<|fim_prefix|>']), [
    '<|im_end|>',
    '<|endoftext|>',
    '<|fim_pad|>',
    '<|file_sep|>',
  ])
  assert.equal(ends(['a', 'b', 'c'], { eos_token_id: 2, eot_token_id: 1 }), ['b', 'c'])
  assert.equal(ends(['<|end|>', '<|return|>', '<|call|>']), ['<|return|>', '<|call|>'])
  assert.equal(ends(['<|end|>', '<|return|>']), ['<|end|>', '<|return|>'])
  assert.equal(ends(['</s>', '<|tool_response>']), ['<|tool_response>'])
})

test('a text that looks like a control token makes one, but a normal token stays visible', () => {
  const vocabulary = fakeVocabulary({
    ...SPM,
    tokens: ['<unk>', '<s>', '</s>', '<|im_end|>', '<eos>'],
    token_type: [2, 3, 3, 1, 4],
  })
  assert.is(detokenize(vocabulary.table, [3, 4]), '<|im_end|>')
  assert.equal(createTokenizer(vocabulary).encode('<|im_end|><eos>', { addBos: false, parseSpecial: true }), [3, 4])
  assert.equal(createTokenizer(vocabulary).encode('<eos>', { addBos: false, parseSpecial: false }).includes(4), false)
})

sharedTest(test, 'llama-bpe: ids of Llama 3', 'vectors/vocab/ggml-vocab-llama-bpe.gguf', (path) => {
  const vocabulary = vocabularyOfFile(path)
  assert.is(vocabulary.ids.eot, 128009)
  assert.equal(vocabulary.endOfGeneration, [128001, 128009])
  const encode = createTokenizer(vocabulary).encode
  assert.equal(encode('<|eot_id|>', { addBos: true, parseSpecial: true }), [128000, 128009])
  assert.is(encode('<|eot_id|>', { addBos: false, parseSpecial: false }).includes(128009), false)
  assert.is(new TextDecoder().decode(byteStringAt(vocabulary.table.pieces, 9906)), 'Hello')
})

test('any vocabulary is refused cleanly or usable', () => {
  const text = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'ab',
      'Ġ',
      'Ġa',
      '▁',
      '▁a',
      '<s>',
      '</s>',
      '<|end|>',
      '<0x41>',
      '<0xZZ>',
      ' ',
      '',
      '\n',
      'é',
    ),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes),
  )
  const values = fc.record({
    model: fc.constantFrom('llama', 'gpt2'),
    pre: fc.constantFrom('default', 'llama-bpe', 'deepseek-v3'),
    'general.name': fc.constantFrom('x', 'phi3'),
    tokens: fc.array(text, { maxLength: 20 }),
    token_type: fc.array(fc.integer({ min: -1, max: 7 }), { minLength: 15, maxLength: 20 }),
    scores: fc.array(fc.float(), { minLength: 15, maxLength: 20 }),
    merges: fc.array(
      fc.oneof(fc.constantFrom('a b', 'Ġ a', ' a b', 'a b c', 'x', ''), fc.uint8Array({ maxLength: 5 })),
    ),
    bos_token_id: fc.integer({ min: -1, max: 20 }),
  })
  let usable = 0
  fc.assert(
    fc.property(values, awkwardText, fc.boolean(), (metadata, text, parseSpecial) => {
      let vocabulary: Vocabulary
      try {
        vocabulary = fakeVocabulary(metadata as Record<string, FakeValue>)
      } catch (error) {
        assert.instance(error, TsinferError)
        return
      }
      usable++
      const ids = createTokenizer(vocabulary).encode(text, { addBos: true, parseSpecial })
      for (const id of ids) assert.ok(Number.isInteger(id) && id >= 0 && id < metadata.tokens.length)
      detokenize(vocabulary.table, ids, { atStart: true, showControls: true })
    }),
    { numRuns: 3000 },
  )
  assert.ok(usable > 300, String(usable))
})

test.run()
