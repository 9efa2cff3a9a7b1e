import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnswerReading, AnswerSplitter, type Split } from '../../../tokenizer/answer/answer-splitter.ts'
import { OfferedTools } from '../../../tokenizer/answer/offered-tools.ts'
import { toolFormats } from '../../../tokenizer/answer/tool-formats.ts'
import { assertNearLinear } from '../../growth.ts'
import { splitInPieces } from './in-pieces.ts'

const properties = { city: { type: 'string' }, days: { type: 'integer' }, more: {} }
const reading = (): AnswerReading => {
  let count = 0
  const tools = [
    { type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties } } },
    { type: 'function', function: { name: 'python' } },
  ] as const
  return { inside: undefined, formats: toolFormats(''), tools: new OfferedTools(tools, () => `id${++count}`) }
}

interface Called {
  readonly text: string
  readonly calls: Split['calls']
}

function read(text: string, sizes: readonly number[] = []): Called {
  const { content, calls } = splitInPieces(text, reading(), sizes)
  return { text: content, calls }
}

/** The text, then name, arguments and id of each call. */
const brief = (text: string) => {
  const { text: rest, calls } = read(text)
  for (const { type } of calls) assert.is(type, 'function')
  return [rest, ...calls.map(({ id, function: { name, arguments: args } }) => `${name} ${args} ${id}`)]
}

const PARIS = 'get_weather {"city":"Paris"} id1'
const ROME = 'get_weather {"city":"Rome"} id2'

test('Hermes and Qwen', () => {
  const call = (city: string) => `<tool_call>\n{"name": "get_weather", "arguments": {"city": "${city}"}}\n</tool_call>`
  assert.equal(brief(call('Paris')), ['', PARIS])
  assert.equal(brief(`Let me see.\n\n${call('Paris')}\n${call('Rome')}\n`), ['Let me see.', PARIS, ROME])
  assert.equal(brief(`${call('Paris')}\nand more`), ['and more', PARIS])
  assert.equal(brief('<tool_call>{"name": "x", "arguments": "{\\"a\\":1}"}</tool_call>'), ['', 'x {"a":1} id1'])
  assert.equal(brief('<tool_call>{"name": "x"}</tool_call>'), ['', 'x {} id1'])
  // The end mark may be missing, the JSON may not.
  assert.equal(brief('<tool_call>{"name": "x", "arguments": {}}'), ['', 'x {} id1'])
  assert.equal(brief('ok <tool_call>{"name": "x", "arg'), ['ok <tool_call>{"name": "x", "arg'])
})

test('numbers stay as they were written', () => {
  assert.equal(
    brief('<tool_call>{"name":"x","arguments":{"f":1.0,"n":12345678901234567890,"2":0,"1":[]}}</tool_call>'),
    ['', 'x {"f":1.0,"n":12345678901234567890,"2":0,"1":[]} id1'],
  )
})

test('Qwen coder: values by the types of the tool', () => {
  const body =
    '<function=get_weather>\n<parameter=city>\n75001\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>'
  const expected = 'get_weather {"city":"75001","days":3} id1'
  assert.equal(brief(`<tool_call>\n${body}\n</tool_call>`), ['', expected])
  assert.equal(brief(`Now:\n${body}`), ['Now:', expected])
})

test('Llama 3', () => {
  assert.equal(brief('{"name": "get_weather", "parameters": {"city": "Paris"}}'), ['', PARIS])
  assert.equal(brief('{"type": "function", "name": "get_weather", "parameters": {"city": "Paris"}}'), ['', PARIS])
  assert.equal(brief('<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}'), ['', PARIS])
  const two =
    '{"name": "get_weather", "parameters": {"city": "Paris"}}; {"name": "get_weather", "parameters": {"city": "Rome"}}'
  assert.equal(brief(two), ['', PARIS, ROME])
  assert.equal(brief(`<|python_tag|>${two}`), ['', PARIS, ROME])
  assert.equal(brief('<|python_tag|>brave_search.call(query="a, b", n=2)'), [
    '',
    'brave_search {"query":"a, b","n":2} id1',
  ])
  assert.equal(brief('<|python_tag|>print(1)\n'), ['', 'python {"code":"print(1)\\n"} id1'])
  assert.equal(brief('<function=get_weather>{"city": "Paris"}</function>'), ['', PARIS])
})

test('Mistral', () => {
  const list = '[TOOL_CALLS][{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "abc123xyz"}]'
  assert.equal(brief(list), ['', 'get_weather {"city":"Paris"} abc123xyz'])
  assert.equal(brief(`Fine. ${list}`), ['Fine.', 'get_weather {"city":"Paris"} abc123xyz'])
  assert.equal(brief('[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}'), ['', PARIS])
  assert.equal(brief('[TOOL_CALLS]get_weather{"city": "Paris"}[TOOL_CALLS]get_weather[ARGS]{"city": "Rome"}'), [
    '',
    PARIS,
    ROME,
  ])
  assert.equal(brief('[TOOL_CALLS]get_weather[CALL_ID]c1[ARGS]{"city": "Paris"}'), [
    '',
    'get_weather {"city":"Paris"} c1',
  ])
})

test('what is no call is text', () => {
  for (const text of [
    '',
    'Paris is sunny.',
    '{"answer": 42}',
    '{"name": "unknown", "parameters": {}}',
    '[1, 2]',
    '[{"a": 1}]',
    'use <tool_call>',
    '<tool_call>nothing</tool_call> x',
    '[TOOL_CALLS]',
    '  {"name": "get_weather"',
    'a\n\n[TOOL_CALLS] what',
  ]) {
    assert.equal(brief(text), [text])
  }
})

test('marks, brackets and escapes inside the texts of a call', () => {
  const args = '{"city":"a </tool_call> } ] \\" <tool_call> [TOOL_CALLS]x{}","more":[{"a":{"b":[[1]]}}]}'
  const call = `{"name": "get_weather", "arguments": ${args}}`
  const expected = `get_weather ${args} id1`
  assert.equal(brief(`<tool_call>\n${call}\n</tool_call>`), ['', expected])
  assert.equal(brief(`<function=get_weather>${args.replace('tool_call', 'function')}</function>`), [
    '',
    expected.replace('tool_call', 'function'),
  ])
  assert.equal(brief(`[TOOL_CALLS][${call}]`), ['', expected])
  assert.equal(brief(`[TOOL_CALLS]get_weather[ARGS]${args}[TOOL_CALLS]python[ARGS]{}`), ['', expected, 'python {} id2'])
  assert.equal(brief(call), ['', expected])
  assert.equal(brief('<tool_call>{"name": "x", "arguments": {"s": "Z\\u00fcrich \\ud83d\\ude00 \\n"}}</tool_call>'), [
    '',
    'x {"s":"Zürich 😀 \\n"} id1',
  ])
})

test('several calls between one pair of marks; what is cut off is text', () => {
  const call = (city: string) => `{"name": "get_weather", "arguments": {"city": "${city}"}}`
  assert.equal(brief(`<tool_call>\n${call('Paris')}\n${call('Rome')}\n</tool_call>`), ['', PARIS, ROME])
  assert.equal(brief(`<tool_call>[${call('Paris')}, ${call('Rome')}]</tool_call>`), ['', PARIS, ROME])
  for (const text of ['<tool_call>{"a</tool_call> x', '<tool_call>{"name": "x", "arguments": {"a": "</tool_call>']) {
    assert.equal(brief(text), [text])
  }
})

test('cut anywhere, and letter by letter, every form gives the same', () => {
  const json =
    '{"name": "get_weather", "parameters": {"city": "Zürich </tool_call> \\" \\u00e9 😀", "more": [[1], {}]}}'
  const texts = [
    `Let me see.\n<tool_call>\n${json}\n</tool_call>\n<tool_call>${json}</tool_call> done`,
    `<tool_call><function=get_weather>\n<parameter=city>\nRome\n</parameter>\n</function></tool_call>`,
    `<|python_tag|>${json}; ${json}`,
    '<|python_tag|>get_weather.call(city="a, b", days=2)',
    `${json};${json}`,
    `[${json}]`,
    '<function=get_weather>{"city": "</function>"}</function> and',
    `ok [TOOL_CALLS] [${json}]`,
    '[TOOL_CALLS]get_weather[CALL_ID]c1[ARGS]{"city": "Paris"}[TOOL_CALLS]python[ARGS]{"code": "[TOOL_CALLS]"}',
  ]
  for (const text of texts) {
    const whole = read(text)
    assert.ok(whole.calls.length > 0, text)
    for (let at = 1; at < text.length; at++) assert.equal(read(text, [at]), whole)
    assert.equal(read(text, new Array<number>(text.length).fill(1)), whole)
  }
})

const PARTS = [
  '<tool_call>',
  '</tool_call>',
  '{"name":"get_weather","arguments":{"city":"Paris"}}',
  '[TOOL_CALLS]',
  '[ARGS]',
  '<function=python>',
  '</function>',
  '{',
  '[',
  '}',
  'x',
  ' ',
  '\n',
  '<',
  'get_weather',
  ';',
]

test('pieces of any size give the same', () => {
  const text = fc.array(fc.constantFrom(...PARTS), { maxLength: 10 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat(9), { maxLength: 60 }), (whole, sizes) => {
      assert.equal(read(whole, sizes), read(whole))
    }),
    { numRuns: 3000 },
  )
})

test('text that is certain is not held back', () => {
  const splitter = new AnswerSplitter(reading())
  assert.is(splitter.push('It is ').content, 'It is')
  assert.is(splitter.push('1 < 2').content, ' 1 < 2')
  assert.is(splitter.push(' <tool').content, '')
  assert.is(splitter.push('box>').content, ' <toolbox>')
})

const LONG_ANSWERS: readonly (readonly [what: string, text: (size: number) => string])[] = [
  ['spaces in a function', (n) => `<function=f>${' '.repeat(n)}x</function>`],
  ['parameters without an end', (n) => `<function=f>${'<parameter=a>'.repeat(n / 13)}</function>`],
  ['parameters without a name', (n) => `<function=f>${'<parameter='.repeat(n / 11)}</function>`],
  ['spaces in a keyword', (n) => `<|python_tag|>f.call(a=b${' '.repeat(n)}c)`],
  ['a text without an end', (n) => `<tool_call>{"${'\\"'.repeat(n / 2)}</tool_call>`],
  ['marks inside of texts', (n) => `<tool_call>{${'"</tool_call>"'.repeat(n / 14)}</tool_call>`],
  ['ends of a function', (n) => `<function=f>${'</function> '.repeat(n / 12)}`],
]
for (const [what, text] of LONG_ANSWERS) {
  test(`long answers: ${what} in linear time`, () => {
    assertNearLinear((size) => void read(text(size)), 1 << 18, what)
  })
}

test.run()
