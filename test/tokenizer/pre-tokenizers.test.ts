// The words of the common pre-tokenizers against scanners written by hand from what llama.cpp does for them, and
// properties that hold for all.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isInputError, TsinferError } from '../../engine/errors.ts'
import { preTokenizerOf } from '../../tokenizer/pre-tokenizers.ts'
import { asOfUnicode15 } from '../../tokenizer/unicode-version.ts'
import { wordCutter } from '../../tokenizer/words.ts'
import { scanGpt2Words, scanLlama3Words } from '../reference/words.ts'
import { awkwardText, wellFormed } from './texts.ts'

const cut = (name: string, text: string) => wordCutter(preTokenizerOf(name).expressions)(text)

function compare(name: string, scan: (text: string) => string[]): void {
  const cutter = wordCutter(preTokenizerOf(name).expressions)
  fc.assert(
    fc.property(awkwardText, (random) => {
      const text = wellFormed(random)
      assert.equal(cutter(text), scan(text))
    }),
    { numRuns: 1500 },
  )
}

test('gpt-2', () => compare('gpt-2', scanGpt2Words))
test('llama-bpe', () => compare('llama-bpe', (text) => scanLlama3Words(text, 3)))
test('qwen2', () => compare('qwen2', (text) => scanLlama3Words(text, 1)))
test('smollm: digits first, then gpt-2 in between', () => {
  const isDigit = (character: string) => /\p{N}/u.test(asOfUnicode15(character))
  compare('smollm', (text) => {
    const parts: string[] = []
    let previousWasDigit = true
    for (const character of text) {
      if (previousWasDigit || isDigit(character)) parts.push(character)
      else parts.push(parts.pop() + character)
      previousWasDigit = isDigit(character)
    }
    return parts.flatMap((part) => scanGpt2Words(part))
  })
})

test('cut as documented', () => {
  assert.equal(cut('tekken', "HelloWorld iPhone's 12"), ['Hello', 'World', ' i', 'Phone', "'s", ' ', '1', '2'])
  assert.equal(cut('gpt-4o', "HelloWorld iPhone's 12345"), ['Hello', 'World', ' i', "Phone's", ' ', '123', '45'])
  assert.equal(cut('gpt-4o', 'HTTPServer ÀÉ'), ['HTTPServer', ' ÀÉ'])
  assert.equal(cut('deepseek-llm', 'héllo, 12\n\n中文'), ['h', 'é', 'llo', ',', ' ', '12', '\n', '\n', '中文'])
  assert.equal(cut('deepseek-coder', 'a b,12'), ['a', ' b', ',', '1', '2'])
  assert.equal(cut('deepseek-v3', '12345 a~b ~ .b'), ['123', '45', ' a', '~b', ' ', '~', ' .', 'b'])
  assert.equal(cut('falcon', 'a 12345!'), ['a', ' ', '123', '45', '!'])
  assert.equal(cut('default', 'x=12345'), ['x', '=', '123', '45'])
  assert.equal(cut('bloom', 'Hi, there'), ['Hi', ',', ' there'])
  assert.equal(cut('', 'x=1'), cut('default', 'x=1'))
})

const NAMES = [
  'default gpt-2 phi-2 mpt olmo exaone4 llama-bpe llama3 llama-v3 falcon3 pixtral dbrx smaug-bpe chatglm-bpe glm4 qwen2',
  'deepseek-r1-qwen megrez stablelm2 qwen35 deepseek-llm deepseek-coder deepseek-v3 falcon smollm starcoder refact',
  'command-r codeshell exaone tekken gpt-4o llama4 bloom poro-chat viking bailingmoe seed-coder',
].flatMap((line) => line.split(' '))

for (const name of NAMES) {
  test(`${name}: nothing is lost, and long runs take no quadratic time`, () => {
    const cutter = wordCutter(preTokenizerOf(name).expressions)
    fc.assert(
      fc.property(awkwardText, (text) => {
        const words = cutter(text)
        assert.is(words.join(''), text)
        assert.not.ok(words.includes(''))
      }),
      { numRuns: 100 },
    )
    for (const character of ['a', 'A', ' ', '\n', '!', 'é', '中', '\u3000']) {
      assert.is(cutter(character.repeat(200_000)).join('').length, 200_000)
    }
  })
}

test('an unknown name is refused with a way out', () => {
  try {
    preTokenizerOf('no-such-thing')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, TsinferError)
    assert.is((error as TsinferError).code, 'tokenizer_unsupported')
    assert.ok(isInputError(error))
    assert.match((error as TsinferError).message, /no-such-thing.*tokenizerPre/)
  }
})

test.run()
