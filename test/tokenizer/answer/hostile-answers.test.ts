// Answers as an attacker, or a confused model, writes them: nothing is lost, nothing hangs, and pieces make no difference.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AnswerSplitter, answerReading, splitAnswer } from '../../../tokenizer/answer/answer-splitter.ts'
import { CALL_MARKS, TOOL_FORMATS } from '../../../tokenizer/answer/tool-formats.ts'
import { assertNearLinear } from '../../growth.ts'
import { splitInPieces } from './in-pieces.ts'
import { offered, TOOL_NAMES } from './offered.ts'

const PARTS = [
  ...CALL_MARKS,
  ...['<think>', '</think>', '<response>', '</response>', '</function>', '<parameter=city>', '</parameter>'],
  ...['look', 'sum', 'functions.look:0', '(city="Oslo")', '{"name":"look","arguments":{"city":"Oslo"}}', 'all\n'],
  ...['{', '}', '[', ']', '(', ')', '"', "'", '\\', ',', ';', ':', '<', '>', '=', '{"name":', '"a":1'],
  ...[' ', '\n', 'x', 'é😀', 'to=functions.look', 'analysis', 'final', 'function', '```json', '```'],
]
const answer = fc
  .array(fc.oneof(fc.constantFrom(...PARTS), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 24 })
  .map((parts) => parts.join(''))
/** Templates of each format alone, and one that has no sign of any. */
const TEMPLATES = ['', ...TOOL_FORMATS.flatMap(({ signs }) => signs.slice(0, 1))]

const reading = (template: string, inside = '') => answerReading(inside, template, offered(TOOL_NAMES), () => 'id')

test('pieces of any size give the same', () => {
  const inside = fc.constantFrom('', '<think>')
  fc.assert(
    fc.property(
      answer,
      fc.constantFrom(...TEMPLATES),
      inside,
      fc.array(fc.nat(9), { maxLength: 60 }),
      (text, template, prompt, sizes) => {
        const joined = splitInPieces(text, reading(template, prompt), sizes)
        assert.equal(joined, splitAnswer(text, reading(template, prompt)))
      },
    ),
    { numRuns: 4000 },
  )
})

const unspaced = (text: string) => text.replace(/\s/g, '')

test('where there is no call and no layout, nothing is lost', () => {
  fc.assert(
    fc.property(answer, fc.constantFrom('', '<tool_call>', '<arg_key>', '[TOOL_CALLS]'), (text, template) => {
      const plain = text.replaceAll(/think|response|THINK/g, 'x')
      const { content, calls, reasoning } = splitAnswer(plain, reading(template))
      assert.is(reasoning, '')
      if (calls.length === 0) assert.is(content, plain)
      // What stays comes in the order in which it was written.
      let at = 0
      for (const unit of unspaced(content)) {
        at = plain.indexOf(unit, at) + 1
        assert.ok(at > 0, plain)
      }
    }),
    { numRuns: 4000 },
  )
})

test('text between calls stays, whatever it is', () => {
  const text = fc.array(fc.constantFrom(...PARTS.filter((part) => !/[<[{(]|func/.test(part))), { maxLength: 8 })
  const call = '<tool_call>{"name":"look","arguments":{"city":"Oslo"}}</tool_call>'
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [a, b] = [`a${before.join('')}a`, `b${after.join('')}b`]
      const { content, calls } = splitAnswer(a + call + b, reading('<tool_call>'))
      assert.is(content, a + b)
      assert.is(calls.length, 1)
    }),
    { numRuns: 500 },
  )
})

test('time grows with the text, for every mark and everything in it', () => {
  const hostile = [
    ...CALL_MARKS.flatMap((mark) => [mark, `${mark.slice(0, -1)} `, `${mark}{"a":"`]),
    ...['<tool_call>{"a":[', '<tool_call>{"name":"x","arguments":{}}', '[', '{', '{"name":', '[look(city=[', ' ', '\n'],
    ...['<function=save><parameter=a></parameter> ', '<function=f>\n<parameter=a>\n', '"', '\\"', '>>>look\n'],
    ...[
      '<tool_call>f<arg_key>k</arg_key><arg_value>',
      '<|python_tag|>x',
      '<|channel|>to=',
      '<｜tool▁call▁begin｜>f<｜tool▁sep｜>',
    ],
  ]
  for (const part of new Set(hostile)) {
    const layout = TOOL_FORMATS.find(({ isLayout, opens }) => isLayout && opens.some((open) => part.includes(open)))
    const template = layout?.signs[0] ?? ''
    const work = (size: number) => {
      const text = part.repeat(size / part.length)
      const splitter = new AnswerSplitter(reading(template))
      for (let at = 0; at < text.length; at += 7) splitter.push(text.slice(at, at + 7))
      splitter.end()
      splitAnswer(text, reading(template, '<think>'))
    }
    assertNearLinear(work, 64_000, JSON.stringify(part))
  }
})

test('what is certain is not held back', () => {
  for (const template of TEMPLATES) {
    const splitter = new AnswerSplitter(reading(template))
    const first = splitter.push('An answer')
    const { content } = splitter.push(' < 3')
    // Letters may begin a layout.
    assert.is(first.content + content, 'An answer < 3', template)
  }
})

test.run()
