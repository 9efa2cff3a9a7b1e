// The words of the common pre-tokenizers against scanners written by hand from what llama.cpp does for them, and
// properties that hold for all.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isInputError, TsinferError } from '../../engine/errors.ts'
import { cutAsciiThrees, cutNumberThrees } from '../../tokenizer/digit-groups.ts'
import { PRE_TOKENIZER_NAMES, preTokenizerOf } from '../../tokenizer/pre-tokenizers.ts'
import { asOfUnicode15 } from '../../tokenizer/unicode-version.ts'
import { wordCutter } from '../../tokenizer/words.ts'
import { assertNearLinear } from '../growth.ts'
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
  assert.equal(cut('deepseek-v3', '12345 a~b ~ .b'), ['123', '45', ' a', '~b', ' ~', ' .', 'b'])
  assert.equal(cut('deepseek-v3', 'a~~b ~~~c'), ['a', '~~', 'b', ' ~~~', 'c'])
  assert.equal(cut('afmoe', 'x12345 1234567'), ['x', '12', '345', ' ', '1', '234', '567'])
  assert.equal(cut('superbpe', 'x12345 1234567½'), ['x', '12', '345', ' ', '1', '234', '567½'])
  assert.equal(cut('tiny_aya', '12345 ½1'), ['12', '345', ' ', '½1'])
  assert.equal(cut('kimi-k2', "中文a中 don’tDON'T"), ['中文', 'a', '中', ' don', "’tDON'T"])
  assert.equal(cut('exaone-moe', 'a b c  d1'), ['a b c', ' ', ' d', '1'])
  assert.equal(cut('jais-2', `${' '.repeat(13)}x`), [' '.repeat(8), ' '.repeat(4), ' x'])
  assert.equal(cut('gemma4', 'a  b\n\nc'), ['a  b', '\n\n', 'c'])
  assert.equal(cut('falcon', 'a 12345!'), ['a', ' ', '123', '45', '!'])
  assert.equal(cut('default', 'x=12345'), ['x', '=', '123', '45'])
  assert.equal(cut('bloom', 'Hi, there'), ['Hi', ',', ' there'])
  assert.equal(cut('', 'x=1'), cut('default', 'x=1'))
})

/** Runs that a pre-tokenizer might read again from each of their characters: of one class, and of two or three in turns. */
const RUNS = [
  ...[
    'a',
    'A',
    'é',
    '\u0301',
    '1',
    '½',
    ' ',
    '\t',
    '\n',
    '\r\n',
    '\u3000',
    "'",
    '!',
    '~',
    '$',
    '。',
    '中',
    '한',
    '🚀',
    '\u{20000}',
  ],
  ...[
    'aA',
    'Aé',
    'a\u0301',
    '1a',
    '½1',
    ' a',
    ' \n',
    '\n ',
    ' \u3000',
    "'s",
    "'S",
    ' !',
    '!a',
    '。中',
    'A中',
    ' 1',
    '\u0301!',
  ],
  ...['<sentinel:', 'IMGIMG', 'a 1', ' ! ', '中1 '],
]
/** What may follow a run, so that what was tried on it fails. */
const ENDS = ['', 'x', 'B', '1', '!', '\n', '中']
/** Some seconds for a run where the time grows with the square. */
const LENGTH = 20_000

for (const [name] of PRE_TOKENIZER_NAMES) {
  const cutter = wordCutter(preTokenizerOf(name).expressions)

  test(`${name}: nothing is lost`, () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        const words = cutter(text)
        assert.is(words.join(''), text)
        assert.not.ok(words.includes(''))
      }),
      { numRuns: 100 },
    )
  })

  test(`${name}: the time for runs of any class grows with their length alone`, () => {
    for (const run of RUNS) {
      const work = (size: number) => {
        for (const end of ENDS) {
          const text = run.repeat(size / ENDS.length / run.length) + end
          assert.ok(cutter(text).join('') === text, JSON.stringify(run))
        }
      }
      assertNearLinear(work, LENGTH * ENDS.length, `${name}, ${JSON.stringify(run)}`)
    }
  })
}

test('numbers in threes from the right, as defined', () => {
  const characters = fc.constantFrom('1', '2', '9', '½', '٣', 'a', ' ', '\u{1d7ce}')
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      const zeroWidth = /(?=(?:[0-9]{3})+(?![0-9]))/g
      assert.equal(
        cutAsciiThrees(text),
        text.split(zeroWidth).filter((word) => word !== ''),
      )
      // A run's end is a cut, and every third number before it but for the run's beginning.
      const cuts = /(?<=\p{N})(?=(?:\p{N}{3})*(?!\p{N}))/gu
      assert.equal(
        cutNumberThrees(text),
        text.split(cuts).filter((word) => word !== ''),
      )
    }),
    { numRuns: 2000 },
  )
})

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
