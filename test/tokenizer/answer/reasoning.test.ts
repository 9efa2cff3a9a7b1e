import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnswerReading, AnswerSplitter, splitAnswer } from '../../../tokenizer/answer/answer-splitter.ts'
import { OfferedTools } from '../../../tokenizer/answer/offered-tools.ts'
import { openReasoning, REASONING_TAGS, type ReasoningTags } from '../../../tokenizer/answer/reasoning.ts'
import { splitInPieces } from './in-pieces.ts'

const [THINK] = REASONING_TAGS
const reading = (inside: ReasoningTags | undefined): AnswerReading => ({
  inside,
  formats: [],
  tools: new OfferedTools([], () => ''),
})
const split = (text: string, inside?: ReasoningTags): readonly [string, string] => {
  const { reasoning, content } = splitAnswer(text, reading(inside))
  return [reasoning, content]
}

test('reasoning between tags at the beginning, without white space at the tags', () => {
  assert.equal(split('<think>\nTwo and two.\n</think>\n\nFour.\n'), ['Two and two.', 'Four.\n'])
  assert.equal(split(' \n<think>a</think>b'), ['a', 'b'])
  assert.equal(split('<think>\n\n</think>\n\nFour.'), ['', 'Four.'])
  for (const { open, close } of REASONING_TAGS) assert.equal(split(`${open}why${close}what`), ['why', 'what'])
})

test('anything else is the answer, as it is', () => {
  for (const text of ['', ' ', 'Four.', ' Four. ', 'a <think>b</think> c', '<thin', '<', '<b>x</b>', '</think> x']) {
    assert.equal(split(text), ['', text])
  }
})

test('reasoning that the prompt began', () => {
  assert.is(openReasoning('<|user|>hi<|assistant|><think>\n'), THINK)
  assert.is(openReasoning('<|user|>hi<|assistant|><think>\n\n</think>\n\n'), undefined)
  assert.is(openReasoning('hello'), undefined)
  assert.equal(split('Two.\n</think>\n\nFour.', THINK), ['Two.', 'Four.'])
  assert.equal(split('<think>\nTwo.\n</think>\n\nFour.', THINK), ['Two.', 'Four.'])
  assert.equal(split('</think>Four.', THINK), ['', 'Four.'])
  assert.equal(split('cut off  ', THINK), ['cut off', ''])
})

test('an answer in tags of its own', () => {
  assert.equal(split('<think>a</think>\n<response>b < c</response>\n'), ['a', 'b < c\n'])
  assert.equal(split('<think>a</think><responsive'), ['a', '<responsive'])
})

const PARTS = [
  '<think>',
  '</think>',
  '<response>',
  '</response>',
  '[THINK]',
  '<',
  '</',
  'th',
  'a',
  ' ',
  '\n',
  'ü😀',
  '>',
  '<|',
]

test('pieces of any size give the same', () => {
  const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 12 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat(5), { maxLength: 40 }), fc.boolean(), (whole, sizes, isInside) => {
      const inside = isInside ? THINK : undefined
      const { reasoning, content } = splitInPieces(whole, reading(inside), sizes)
      assert.equal([reasoning, content], split(whole, inside))
    }),
    { numRuns: 3000 },
  )
})

test('what is certain is not held back', () => {
  const splitter = new AnswerSplitter(reading(undefined))
  assert.equal(splitter.push('<think>I see'), { reasoning: 'I see', content: '', calls: [] })
  assert.equal(splitter.push(' it < 4</th'), { reasoning: ' it < 4', content: '', calls: [] })
  assert.equal(splitter.push('ink>\n\nYes'), { reasoning: '', content: 'Yes', calls: [] })
  assert.equal(splitter.push(' <'), { reasoning: '', content: ' <', calls: [] })
})

test.run()
