// Conversations in the forms that templates read: content parts, system turns, tools.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../engine/errors.ts'
import { renderFitted } from '../../tokenizer/chat-fitting.ts'
import { ChatTemplate } from '../../tokenizer/chat-template.ts'
import { toValue } from '../../tokenizer/jinja/from-js.ts'
import { readJson } from '../../tokenizer/jinja/json.ts'
import { parseLocalTime } from '../../tokenizer/jinja/strftime.ts'
import type { Value } from '../../tokenizer/jinja/values.ts'
import { assertNearLinear } from '../growth.ts'
import { sharedTest } from '../shared.ts'

const now = parseLocalTime('2026-01-02T03:04:05')

const PLAIN = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}'
const CONCAT = "{% for m in messages %}{{ m.role + ': ' + m.content }}\n{% endfor %}"
const PARTS_ONLY = '{% for m in messages %}{{ m.role }}:{% for p in m.content %}[{{ p.text }}]{% endfor %}|{% endfor %}'
const BOTH =
  '{% for m in messages %}{{ m.role }}:{% if m.content is string %}{{ m.content }}{% else %}' +
  '{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endif %}|{% endfor %}'
const NO_SYSTEM =
  "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" +
  '<{{ m.role }}>{{ m.content | trim }}\n{% endfor %}'
const DROPS_SYSTEM =
  "{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }}\n{% endfor %}{{ messages | length }}"
const WITH_TOOLS = `{% if tools %}{% for t in tools %}{{ t | tojson }}\n{% endfor %}{% endif %}${PLAIN}`

const parts = (...texts: string[]) => texts.map((text) => ({ type: 'text', text }))
const TOOLS = [{ type: 'function', function: { name: 'add', description: 'adds', parameters: { type: 'object' } } }]

interface Asked {
  readonly messages: readonly unknown[]
  readonly tools?: readonly unknown[]
  readonly unreadTools?: 'tell' | 'refuse' | 'leave'
}

function fit(source: string, { messages, tools, unreadTools = 'refuse' }: Asked): string {
  const variables = new Map<string, Value>([['messages', toValue(messages)]])
  if (tools !== undefined) variables.set('tools', toValue(tools))
  return renderFitted(new ChatTemplate(source), { variables, now, unreadTools }).text
}

function refusal(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof TsinferError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'no error'
}

const user = (content: unknown) => ({ role: 'user', content })
const system = (content: unknown) => ({ role: 'system', content })

test('content parts: joined where the template takes no lists', () => {
  const messages = [user(parts('Tell me ', 'a riddle'))]
  assert.is(fit(PLAIN, { messages }), 'user: Tell me a riddle\n')
  assert.is(fit(CONCAT, { messages }), 'user: Tell me a riddle\n')
  assert.is(fit(NO_SYSTEM, { messages }), '<user>Tell me a riddle\n')
})

test('content parts: as they are where the template reads them', () => {
  const messages = [user(parts('Tell me ', 'a riddle')), { role: 'assistant', content: 'No' }]
  assert.is(fit(BOTH, { messages }), 'user:[Tell me ][a riddle]|assistant:No|')
})

test('content parts: a text becomes one where the template reads nothing else', () => {
  const messages = [user('Tell me'), { role: 'assistant', content: parts('a', 'b') }]
  assert.is(fit(PARTS_ONLY, { messages }), 'user:[Tell me]|assistant:[a][b]|')
})

test('content parts: of a role whose parts are not read they are joined', () => {
  const source =
    "{% for m in messages %}{% if m.role == 'system' %}{{ 'S' + m.content }}{% else %}" +
    '{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endif %}{% endfor %}'
  assert.is(fit(source, { messages: [system(parts('a', 'b')), user(parts('c', 'd'))] }), 'Sab[c][d]')
})

test('content parts: empty lists, and templates that print lists', () => {
  assert.is(fit(PLAIN, { messages: [user([])] }), 'user: \n')
  assert.is(fit('{{ messages | tojson }}', { messages: [user(parts('a'))] }), '[{"role": "user", "content": "a"}]')
})

test('content parts: others than text are refused by name, whatever the template reads', () => {
  for (const source of [PLAIN, BOTH, PARTS_ONLY]) {
    const asked = (content: unknown) => refusal(() => fit(source, { messages: [user('x'), user(content)] }))
    const image = { type: 'image_url', image_url: { url: 'data:' } }
    assert.match(asked([...parts('a'), image]), /^prompt_invalid: message 1: part 1 of content: .*found image_url$/)
    assert.match(asked([{ type: 'input_audio' }]), /found input_audio$/)
    assert.match(asked([{ text: 'x' }]), /found a part without a type$/)
    assert.match(asked([{ type: 'text' }]), /found a part without text$/)
    assert.match(asked(['x']), /found a part without a type$/)
  }
})

test('system turns: in front of the first user turn where the template refuses or drops them', () => {
  const messages = [system('Be brief.'), user('Hello'), { role: 'assistant', content: 'Hi' }, user('Bye')]
  assert.is(fit(NO_SYSTEM, { messages }), '<user>Be brief.\nHello\n<assistant>Hi\n<user>Bye\n')
  assert.is(fit(DROPS_SYSTEM, { messages }), 'user: Be brief.\nHello\nassistant: Hi\nuser: Bye\n3')
  assert.is(fit(NO_SYSTEM, { messages: [system('Be brief.')] }), '<user>Be brief.\n')
  assert.is(
    fit(NO_SYSTEM, { messages: [system(parts('Be ', 'brief.')), user(parts('Hel', 'lo'))] }),
    '<user>Be brief.\nHello\n',
  )
})

test('system turns: left alone where the template reads them, or refuses the messages for something else', () => {
  assert.is(fit(PLAIN, { messages: [system('Be brief.'), user('Hello')] }), 'system: Be brief.\nuser: Hello\n')
  const source = "{{ raise_exception('never') }}"
  assert.match(
    refusal(() => fit(source, { messages: [system('a'), user('b')] })),
    /template_refused: .*never/,
  )
})

test('tools: refused where the template reads none', () => {
  const asked = (source: string) => refusal(() => fit(source, { messages: [user('1+1?')], tools: TOOLS }))
  for (const source of [PLAIN, '{{ messages[0].content }}{% if tools %}!{% endif %}']) {
    assert.match(asked(source), /^template_refused: chat template: reads no tools: .*toolsInPrompt/)
  }
  assert.is(asked(WITH_TOOLS), 'no error')
  assert.is(fit(PLAIN, { messages: [user('1')], tools: [] }), 'user: 1\n')
  assert.is(fit(PLAIN, { messages: [user('1')], tools: TOOLS, unreadTools: 'leave' }), 'user: 1\n')
})

test('tools: shown in a later turn only, they are read all the same', () => {
  const source = `{% if messages[-1].role == 'user' %}{{ tools | tojson }}{% endif %}${PLAIN}`
  const text = fit(source, { messages: [user('1+1?'), { role: 'tool', content: '2' }], tools: TOOLS })
  assert.is(text, 'user: 1+1?\ntool: 2\n')
})

test('tools: told in the system turn where that is asked for, with calls and results as texts', () => {
  const call = { id: 'x', type: 'function', function: { name: 'add', arguments: '{"a": 1}' } }
  const messages = [
    system('Be brief.'),
    user('1+1?'),
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'x', content: '2' },
  ]
  const text = fit(PLAIN, { messages, tools: TOOLS, unreadTools: 'tell' })
  assert.match(text, /^system: Be brief\.\n\nYou can call tools\..*"name": "add", "description": "adds"/s)
  assert.match(text, /assistant: <tool_call>\n\{"name": "add", "arguments": \{"a": 1\}\}\n<\/tool_call>\n/)
  assert.match(text, /user: <tool_response>\n2\n<\/tool_response>\n$/)
  const merged = fit(NO_SYSTEM, { messages: [user('1+1?')], tools: TOOLS, unreadTools: 'tell' })
  assert.match(merged, /^<user>You can call tools\..*<\/tool_call>\n1\+1\?\n$/s)
  assert.is(
    fit(WITH_TOOLS, { messages: [user('1')], tools: TOOLS, unreadTools: 'tell' }).includes('You can call'),
    false,
  )
})

sharedTest(test, 'goldens: fitting changes no prompt of a real model', 'vectors/chat', (folder) => {
  const entry = (value: Value | undefined, key: string) => (value as Map<string, Value>).get(key)
  const golden = readJson(readFileSync(join(folder, 'golden-renders.json'), 'utf8'))
  for (const name of readdirSync(join(folder, 'jinja'))) {
    const template = new ChatTemplate(readFileSync(join(folder, 'jinja', name), 'utf8'))
    for (const [conversation, expected] of entry(entry(golden, 'renders'), name) as Map<string, Value>) {
      if (entry(expected, 'ok') !== true) continue
      const variables = new Map(entry(entry(golden, 'conversations'), String(conversation)) as Map<string, Value>)
      variables.set('bos_token', entry(golden, 'bos_token')!).set('eos_token', entry(golden, 'eos_token')!)
      const { text } = renderFitted(template, { variables, now, unreadTools: 'leave' })
      assert.is(text, entry(expected, 'output'), `${name}, ${String(conversation)}`)
    }
  }
})

sharedTest(test, 'content parts: the cases that failed in use', 'cases/content-parts', (folder) => {
  const messages = JSON.parse(readFileSync(join(folder, 'messages.json'), 'utf8'))
  for (const name of ['plain.jinja', 'concat.jinja']) {
    assert.is(fit(readFileSync(join(folder, name), 'utf8'), { messages }), 'user: Tell me a riddle\n', name)
  }
})

test('many messages: what each is for is found in linear time', () => {
  const messages = (count: number) => Array(count).fill({ role: 'user', content: 'x' })
  for (const source of ['{% for m in messages %}{{ m.content }}{% endfor %}', 'none is read']) {
    assertNearLinear((size) => void fit(source, { messages: messages(size) }), 1 << 14, source)
  }
})

test.run()
