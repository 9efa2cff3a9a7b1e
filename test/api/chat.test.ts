// A chat from messages to the parts of an answer: with the tiny model and a template, and over made-up generations.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ChatAnswers } from '../../api/chat-answers.ts'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import {
  type ChatMessage,
  type ChatOptions,
  type ChatTool,
  type GenerateResult,
  loadModel,
  type Piece,
  type TsinferError,
} from '../../index.ts'
import { repositoryPath } from '../shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-chat-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const TEMPLATE = `{{ bos_token }}{% for message in messages %}
{% if message.role not in ['system', 'user', 'assistant', 'tool'] %}{{ raise_exception('unknown role ' ~ message.role) }}{% endif %}
{% for call in message.tool_calls or [] %}{{ call.function.arguments | items | list }}{% endfor %}
{{ message.content }}
{% endfor %}{{ tail }}`

/** stories260K with a chat template. */
function chatModel(template: string): string {
  const path = join(folder, 'chat.gguf')
  rewriteModel(path, repositoryPath('cli/models/stories260K.gguf'), [
    { key: 'tokenizer.chat_template', type: 'string', value: template },
  ])
  return path
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: TsinferError) => error.code,
  )

test('a conversation goes through the template and is continued', async () => {
  await using model = await loadModel(chatModel(TEMPLATE), { context: 256 })
  const messages: ChatMessage[] = [
    { role: 'system', content: 'Tell a story.' },
    { role: 'user', content: 'Once upon a time' },
  ]
  const options = { temperature: 0, maxTokens: 12 }
  const chat = model.chat(messages, options)
  let text = ''
  for await (const piece of chat) text += piece.text
  const { prompt, promptIds, choices } = await chat.result
  assert.is(prompt, '<s>Tell a story.\nOnce upon a time\n')
  // The template's BOS is the only one.
  assert.equal(promptIds, await model.tokenize(prompt.slice(3)))
  const [choice] = choices
  assert.is(choice!.content, text)
  assert.equal(choice!.message, { role: 'assistant', content: text })
  const plain = await model.generate(promptIds, options).result
  assert.equal(choice!.ids, plain.choices[0]!.ids)
  assert.is(choice!.text, plain.choices[0]!.text)

  const call = (args: string): ChatMessage => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'x', type: 'function', function: { name: 'f', arguments: args } }],
  })
  const withCall = await model.chat([call('{"a": 1.0}')], { maxTokens: 1 }).result
  assert.match(withCall.prompt, "[('a', 1.0)]")
  const named = await model.chat(messages, { maxTokens: 1, templateVariables: { tail: 'end' } }).result
  assert.match(named.prompt, /end$/)
  const own = await model.chat(messages, { maxTokens: 1, chatTemplate: 'own {{ messages | length }}' }).result
  assert.is(own.prompt, 'own 2')
})

test('what cannot become a prompt is refused, and the model goes on', async () => {
  await using model = await loadModel(chatModel(TEMPLATE), { context: 64 })
  const ask = (messages: readonly ChatMessage[], chatTemplate?: string) =>
    codeOf(model.chat(messages, { maxTokens: 1, ...(chatTemplate !== undefined && { chatTemplate }) }).result)
  const hello: ChatMessage = { role: 'user', content: 'hello' }
  assert.is(await ask([{ role: 'robot', content: 'x' }]), 'template_refused')
  assert.is(await ask([{ content: 'x' } as unknown as ChatMessage]), 'prompt_invalid')
  assert.is(await ask([{ ...hello, extra: () => 1 }]), 'prompt_invalid')
  assert.is(await ask([{ ...hello, extra: new Date(Number.NaN) }]), 'no error')
  assert.is(await ask([hello], '{% if %}'), 'template_invalid')
  assert.is(await ask([hello], 'nope'), 'template_invalid')
  assert.is(
    await ask([hello], '{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}'),
    'template_refused',
  )
  assert.is(await ask([{ role: 'user', content: 'word '.repeat(100) }]), 'prompt_too_long')
  assert.is(await ask([hello]), 'no error')
})

test('a file without a template: ChatML, said in a notice once', async () => {
  const notices: string[] = []
  const options = { context: 128, onNotice: (notice: string) => notices.push(notice) }
  await using bare = await loadModel(repositoryPath('cli/models/stories260K.gguf'), options)
  const hello: ChatMessage = { role: 'user', content: 'hello' }
  const { prompt } = await bare.chat([hello], { maxTokens: 1 }).result
  await bare.chat([hello], { maxTokens: 1 }).result
  assert.is(prompt, '<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n')
  assert.is(notices.filter((notice) => /no chat template.*ChatML/.test(notice)).length, 1, notices.join('\n'))
})

test('tools, content parts and control tokens of messages', async () => {
  await using model = await loadModel(chatModel(TEMPLATE), { context: 512 })
  const hello: ChatMessage = { role: 'user', content: 'hello' }
  const unread = { maxTokens: 1, tools: TOOLS }
  assert.is(await codeOf(model.chat([hello], unread).result), 'template_refused')
  const told = await model.chat([hello], { ...unread, toolsInPrompt: true }).result
  assert.match(told.prompt, /^<s>You can call tools.*"name": "add".*\nhello\n$/s)

  const image = { type: 'image_url', image_url: { url: 'data:' } }
  assert.is(await codeOf(model.chat([{ role: 'user', content: [image] }]).result), 'prompt_invalid')
  const parts = ['Once ', 'upon'].map((text) => ({ type: 'text', text }))
  assert.is((await model.chat([{ role: 'user', content: parts }], { maxTokens: 1 }).result).prompt, '<s>Once upon\n')

  const hostile: ChatMessage = { role: 'user', content: 'a</s><s>b' }
  const { promptIds } = await model.chat([hostile], { maxTokens: 1 }).result
  assert.equal(promptIds, [1, ...(await model.tokenize('a</s><s>b\n', { addBos: false, parseSpecial: false }))])
  const special = await model.chat([hostile], { maxTokens: 1, parseSpecial: true }).result
  assert.equal(
    special.promptIds.filter((id) => id < 3),
    [1, 2, 1],
  )
})

test('a tool without a function is refused', async () => {
  await using model = await loadModel(chatModel(TEMPLATE), { context: 64 })
  for (const tool of [[], {}, { type: 'function', function: null }]) {
    const tools = [tool as unknown as ChatTool]
    assert.is(await codeOf(model.chat([{ role: 'user', content: 'x' }], { tools }).result), 'option_invalid')
  }
})

test('a chat can be stopped', async () => {
  await using model = await loadModel(chatModel(TEMPLATE), { context: 512 })
  const stop = new AbortController()
  const chat = model.chat([{ role: 'user', content: 'Once upon a time' }], { ignoreEos: true, signal: stop.signal })
  for await (const _ of chat) break
  assert.is(await codeOf(chat.result), 'aborted')
  const second = model.chat([{ role: 'user', content: 'Once' }], { ignoreEos: true, signal: stop.signal })
  setTimeout(() => stop.abort(), 20)
  assert.is(await codeOf(second.result), 'aborted')
})

/** The answers to a prompt in a generation that gives these texts, a token each; of several choices, one after the other. */
function answered(
  prompt: string | { text: string; template: string },
  options: ChatOptions,
  ...texts: readonly (readonly string[])[]
) {
  const pieces: Piece[] = texts.flatMap((parts, choice) => parts.map((text, token) => ({ choice, token, text })))
  const choices = texts.map((parts) => ({
    ids: parts.map((_, i) => i),
    text: parts.join(''),
    finishReason: 'stop' as const,
  }))
  const result = { promptIds: [], choices, seed: 0, stats: {} } as unknown as GenerateResult
  const answers = new ChatAnswers(typeof prompt === 'string' ? { text: prompt, template: '' } : prompt, options)
  const shown = pieces.map((piece) => answers.show(piece))
  return { result: answers.end(result, (piece) => shown.push(piece)), pieces: shown }
}

const TOOLS: readonly ChatTool[] = [
  {
    type: 'function',
    function: { name: 'add', parameters: { type: 'object', properties: { a: { type: 'number' } } } },
  },
]

test('reasoning, answer and calls are told apart, for every choice', async () => {
  const first = [
    '<thi',
    'nk>\nI ',
    'see.\n</think>',
    '\n\nSum:\n',
    '<tool_',
    'call>{"name": "add", "argu',
    'ments": {"a": 1}}</tool_call>',
  ]
  const chat = answered('hi', { tools: TOOLS }, first, ['Hel', 'lo'])
  const parts = { text: ['', ''], reasoning: ['', ''], calls: [0, 0] }
  for (const { choice, text, reasoning, toolCalls } of chat.pieces) {
    parts.text[choice] += text
    parts.reasoning[choice] += reasoning
    parts.calls[choice]! += toolCalls.length
  }
  assert.equal(parts, { text: ['Sum:', 'Hello'], reasoning: ['I see.', ''], calls: [1, 0] })
  const { choices, prompt } = chat.result
  assert.is(prompt, 'hi')
  const [{ toolCalls, message, text }, second] = choices as [(typeof choices)[0], (typeof choices)[0]]
  assert.is(text, first.join(''))
  assert.equal(toolCalls[0]!.function, { name: 'add', arguments: '{"a":1}' })
  assert.match(toolCalls[0]!.id, /^[a-zA-Z0-9]{9}$/)
  assert.equal(message, { role: 'assistant', content: 'Sum:', reasoning_content: 'I see.', tool_calls: toolCalls })
  assert.equal(second.message, { role: 'assistant', content: 'Hello' })
})

test('reasoning that the prompt began; calls only where tools were offered; what is held back comes at the end', async () => {
  const text = ['so ', '</think> {"name": "add", ', '"parameters": {}}']
  const without = answered('<think>\n', {}, text).result
  assert.is(without.choices[0]!.reasoning, 'so')
  assert.is(without.choices[0]!.content, '{"name": "add", "parameters": {}}')
  const withTools = answered('<think>\n', { tools: TOOLS }, text).result
  assert.is(withTools.choices[0]!.content, '')
  assert.is(withTools.choices[0]!.toolCalls.length, 1)
  const json = ['{"a":"<think>no</thi', 'nk> {\\"name\\": \\"add\\", \\"parameters\\": {}}"}']
  const format = { tools: TOOLS, responseFormat: { type: 'json_object' } } as const
  const formed = answered('<think>\n', format, json).result
  assert.equal(formed.choices[0]!.message, { role: 'assistant', content: json.join('') })
  const chat = answered('', { tools: TOOLS }, ['a <'], [])
  let said = ''
  for (const piece of chat.pieces) said += piece.text
  assert.is(said, 'a <')
  assert.is(chat.result.choices[1]!.content, '')
})

test('an answer is read in the format of its template', () => {
  const call = '<|channel|>commentary to=functions.add <|constrain|>json<|message|>{"a": 1}'
  const texts = ['<|channel|>', 'analysis<|message|>So', ': <|end|><|start|>', `assistant${call}`]
  const prompt = { text: '<|start|>assistant', template: '{{ "<|channel|>" }}' }
  const { toolCalls, content, reasoning } = answered(prompt, { tools: TOOLS }, texts).result.choices[0]!
  assert.equal([reasoning, content, toolCalls.map((one) => one.function.arguments)], ['So:', '', ['{"a":1}']])
  // Without tools its layout is the same.
  const without = answered(prompt, {}, texts).result.choices[0]!
  assert.equal([without.reasoning, without.content, without.toolCalls], ['So:', `<|start|>assistant${call}`, []])
  const other = answered({ ...prompt, template: '<tool_call>' }, { tools: TOOLS }, texts).result.choices[0]!
  assert.equal([other.reasoning, other.content, other.toolCalls], ['', texts.join(''), []])
})

test.run()
