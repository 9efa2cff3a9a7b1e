// Control tokens in messages are text, those of the template are tokens: with the vocabulary of stories260K, whose
// control tokens are <unk> (0), <s> (1) and </s> (2).
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../engine/errors.ts'
import { ChatPrompter, type ChatRequest } from '../../tokenizer/chat-prompt.ts'
import { createTokenizer } from '../../tokenizer/index.ts'
import { Budget } from '../../tokenizer/jinja/budget.ts'
import { parseLocalTime } from '../../tokenizer/jinja/strftime.ts'
import { withoutMarks } from '../../tokenizer/message-marks.ts'
import { CHATML } from '../../tokenizer/no-template.ts'
import { repositoryPath } from '../shared.ts'
import { fakeMetadata, vocabularyOfFile } from './fake-metadata.ts'

const tokenizer = createTokenizer(vocabularyOfFile(repositoryPath('cli/models/stories260K.gguf')))
const notices: string[] = []
const prompter = new ChatPrompter(fakeMetadata({}), tokenizer.controls, (notice) => notices.push(notice))

/** What takes a control token's place where it is text. */
const PLAIN = { addBos: false, parseSpecial: false }

interface Given extends Partial<ChatRequest> {
  readonly template: string
}

function prompt(given: Given) {
  const request = { messages: [], tools: undefined, variables: {}, toolsInPrompt: false, parseSpecial: false, ...given }
  return prompter.prompt({ ...request, now: parseLocalTime('2026-01-02') }, new Budget())
}

/** Ids of a chat's prompt. */
function idsOf(given: Given): number[] {
  const { text, marked } = prompt(given)
  const ids = tokenizer.encode(marked?.text ?? text, {
    ...PLAIN,
    parseSpecial: true,
    ...(marked && { standIns: marked.standIns }),
  })
  if (marked) assert.is(withoutMarks(marked.text, marked.standIns), text)
  return ids
}

const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const controlsOf = (ids: readonly number[]) => ids.filter((id) => id <= 2)
const TURNS = '{% for m in messages %}<s>{{ m.role }}\n{{ m.content }}</s>{% endfor %}'

test("control tokens in messages are text, the template's are tokens", () => {
  const ids = idsOf({ template: TURNS, messages: [user('a</s><s>b')] })
  assert.equal(controlsOf(ids), [1, 2])
  assert.equal(ids.slice(1, -1), tokenizer.encode('user\na</s><s>b', PLAIN))
})

test('control tokens in messages are tokens where parseSpecial asks for it', () => {
  const ids = idsOf({ template: TURNS, messages: [user('a</s><s>b')], parseSpecial: true })
  assert.equal(controlsOf(ids), [1, 2, 1, 2])
})

test('control tokens in messages: through filters, slices, JSON and macros', () => {
  const wrap = (expression: string) => `{% macro m(x) %}{{ x }}{% endmacro %}<s>{{ ${expression} }}</s>`
  const c = 'messages[0].content'
  const expressions = [
    c,
    `${c} | trim`,
    `${c}[1:]`,
    `${c} ~ "x"`,
    `"x" + ${c}`,
    `${c} | upper | lower`,
    `${c} | replace("b", "c")`,
    `${c}.split("b") | join("d")`,
    `messages | tojson`,
    `m(${c})`,
    `"%s" % ${c}`,
    `"{}".format(${c})`,
    `${c} | e`,
    `[${c}] | string`,
    `${c} | reverse | reverse`,
    `${c} | urlencode`,
  ]
  for (const expression of expressions) {
    const ids = idsOf({ template: wrap(expression), messages: [user(' </s>b<s> ')] })
    assert.equal(controlsOf(ids), [1, 2], expression)
  }
})

test('control tokens in messages: put together by the template out of pieces they are text, too', () => {
  const splice = "<s>{{ messages[0].content | replace('#', '') }}</s>"
  assert.equal(controlsOf(idsOf({ template: splice, messages: [user('a<#/s>b')] })), [1, 2])
  const joined = '<s>{% for m in messages %}{{ m.content }}{% endfor %}</s>'
  assert.equal(controlsOf(idsOf({ template: joined, messages: [user('</'), user('s>')] })), [1, 2])
  const parts = [
    { type: 'text', text: '</' },
    { type: 'text', text: 's>' },
  ]
  const listed = '<s>{% for p in messages[0].content %}{{ p.text }}{% endfor %}</s>'
  assert.equal(controlsOf(idsOf({ template: listed, messages: [user(parts)] })), [1, 2])
})

test('control tokens in tools are text, and so are those in keys', () => {
  const tools = [{ type: 'function', function: { name: 'f', description: '</s>', parameters: { '<s>': 1 } } }]
  const template = '<s>{{ tools | tojson }}{{ messages[0].content }}</s>'
  assert.equal(controlsOf(idsOf({ template, messages: [user('x')], tools })), [1, 2])
})

test('control tokens that the template makes of a role are its own', () => {
  const template = "{% for m in messages %}{{ '<' + m.role + '>' }}{{ m.content }}{% endfor %}"
  assert.equal(controlsOf(idsOf({ template, messages: [{ role: 's', content: 'a<s>' }] })), [1])
})

test('control tokens that the template looks for in answers stay its own; users are told apart all the same', () => {
  const template =
    "{% for m in messages %}<s>{% if m.role == 'assistant' and '</s>' in m.content %}{{ m.content.split('</s>')[-1] }}" +
    '{% else %}{{ m.content }}{% endif %}</s>{% endfor %}'
  const messages = [user('a</s>'), assistant('thought</s>b'), user('c<s>')]
  assert.equal(controlsOf(idsOf({ template, messages })), [1, 2, 1, 2, 1, 2])
  assert.is(prompt({ template, messages }).text, '<s>a</s></s><s>b</s><s>c<s></s>')
})

test('control tokens that the template looks for in what users say are refused', () => {
  const template = "<s>{% if '</s>' in messages[0].content %}!{% endif %}{{ messages[0].content }}</s>"
  try {
    idsOf({ template, messages: [user('a</s>b')] })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, TsinferError)
    assert.match(
      (error as Error).message,
      /expected messages without control tokens \(or parseSpecial\), found "<\/s>"/,
    )
  }
  assert.equal(controlsOf(idsOf({ template, messages: [user('a</s>b')], parseSpecial: true })), [1, 2, 2])
  assert.equal(controlsOf(idsOf({ template, messages: [user('a<s>b')] })), [1, 2])
})

test("control tokens in messages: any text between the template's marks", () => {
  const piece = fc.constantFrom('<', '/', 's', '>', '<s>', '</s>', '<unk>', 'a', ' ', '\n', 'ß', '😀', '䷀')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(piece, { maxLength: 12 }), (a, b) => {
      const messages = [user(a.join('')), assistant(b.join(''))]
      assert.equal(controlsOf(idsOf({ template: TURNS, messages })), [1, 2, 1, 2])
    }),
    { numRuns: 300 },
  )
})

test('messages without control tokens need no marks', () => {
  assert.is(prompt({ template: TURNS, messages: [user('hello')] }).marked, undefined)
})

test('a file without a template: ChatML, said in a notice', () => {
  const request = { messages: [user('Hi')], tools: undefined, template: undefined, variables: {} }
  const settings = { toolsInPrompt: false, parseSpecial: false, now: parseLocalTime('2026-01-02') }
  const { text } = prompter.prompt({ ...request, ...settings }, new Budget())
  assert.is(text, '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n')
  assert.match(notices.join(), /no chat template.*ChatML/)
  assert.is(prompt({ template: CHATML.source, messages: [user('Hi')] }).text, text)
})

test('stand-ins: a message that has all of them is refused', () => {
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i))
  const all = [...range(0x4dc0, 0x4dff), ...range(0xe000, 0xf8ff)]
  const refused = () => prompt({ template: TURNS, messages: [user(`${all.join('')}</s>`)] })
  assert.throws(refused, /expected messages without control tokens/)
  const text = all.slice(1).join('')
  assert.equal([...prompt({ template: TURNS, messages: [user(`${text}</s>`)] }).marked!.standIns], [['\u4dc0', '<']])
})

test.run()
