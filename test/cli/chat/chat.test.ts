// A chat over made-up streams and a made-up model: what is typed, what is asked, what is shown.
import { PassThrough } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ChatSettings, runChat } from '../../../cli/chat/chat.ts'
import {
  type ChatGeneration,
  type ChatMessage,
  type ChatOptions,
  type ChatPiece,
  type ChatResult,
  type Model,
  TsinferError,
} from '../../../index.ts'

/** Session files by path: their notes. */
const files = new Map<string, string>()

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** Answers each message with its own words in brackets; `wait` never ends by itself, `bad` fails. */
class EchoModel {
  readonly asked: (readonly ChatMessage[])[] = []
  readonly info = { name: 'echo', path: 'echo.gguf', contextLength: 100, plan: { text: 'no plan' } }

  session() {
    return {
      async save(path: string, note: string) {
        files.set(path, note)
        return { tokens: [1, 2], note }
      },
      async load(path: string) {
        const note = files.get(path)
        if (note === undefined)
          throw new TsinferError('session_invalid', `${path}: expected a session, found another file`)
        return { tokens: [1, 2], note }
      },
      close() {},
    }
  }

  chat(messages: readonly ChatMessage[], { signal }: ChatOptions = {}): ChatGeneration {
    this.asked.push([...messages])
    const question = String(messages.at(-1)!.content)
    const content = `[${question}]`
    const pieces: ChatPiece[] = [
      { choice: 0, token: 1, text: '', reasoning: 'hm', toolCalls: [] },
      { choice: 0, token: 2, text: content, reasoning: '', toolCalls: [] },
    ]
    const message: ChatMessage = { role: 'assistant', content, reasoning_content: 'hm' }
    const choice = {
      ids: [1, 2],
      text: content,
      finishReason: 'stop',
      content,
      reasoning: 'hm',
      toolCalls: [],
      message,
    }
    const result = {
      promptIds: [1],
      choices: [choice],
      seed: 7,
      stats: { tokens: 2 },
      prompt: '',
    } as unknown as ChatResult
    return {
      result: Promise.resolve(result),
      async *[Symbol.asyncIterator]() {
        if (question === 'bad') throw new TsinferError('template_refused', 'chat template: no')
        yield* pieces
        if (question !== 'wait') return
        await new Promise((resolve) => signal!.addEventListener('abort', resolve))
        throw new TsinferError('aborted', 'aborted')
      },
    }
  }
}

/** Types each text once what was written contains the mark before it; the end of the list is Ctrl-D. */
async function chat(
  script: readonly (readonly [mark: string, text: string])[],
  settings: Partial<ChatSettings> = {},
): Promise<{ readonly screen: string; readonly asked: EchoModel['asked'] }> {
  const model = new EchoModel()
  const input = new PassThrough()
  const output = new PassThrough()
  const steps = [...script, ['> ', CTRL_D] as const]
  let screen = ''
  let fresh = ''
  const type = () => {
    const [mark, text] = steps[0] ?? ['\n', '']
    if (!fresh.includes(mark)) return
    steps.shift()
    fresh = ''
    setTimeout(() => input.write(text), 5)
  }
  output.setEncoding('utf8').on('data', (chunk: string) => {
    screen += chunk
    fresh += chunk
    type()
  })
  const all: ChatSettings = { options: {}, system: undefined, stats: false, ...settings }
  await runChat(model as unknown as Model, all, { input, output }, new AbortController().signal)
  return { screen, asked: model.asked }
}

const contents = (messages: readonly ChatMessage[] | undefined) =>
  messages?.map(({ role, content }) => `${role}: ${content}`)

test('messages and answers make up the conversation', async () => {
  const { screen, asked } = await chat(
    [
      ['> ', 'one\r'],
      ['> ', 'two\\\rmore\r'],
      ['> ', '//three\r'],
    ],
    { system: 'Be brief.' },
  )
  assert.equal(contents(asked.at(-1)), [
    'system: Be brief.',
    ...['user: one', 'assistant: [one]', 'user: two\nmore', 'assistant: [two\nmore]', 'user: /three'],
  ])
  assert.is(asked.at(-1)![2]!.reasoning_content, 'hm')
  assert.match(screen, '\u001b[2mhm\u001b[22m\n\n[one]\n')
})

test('Ctrl-C stops the answer and keeps the chat', async () => {
  const { screen, asked } = await chat([
    ['> ', 'wait\r'],
    ['[wait]', CTRL_C],
    ['> ', 'half'],
    ['half', CTRL_C],
    ['> ', 'next\r'],
  ])
  assert.match(screen, '(stopped)')
  assert.equal(contents(asked.at(-1)), ['user: wait', 'assistant: [wait]', 'user: next'])
})

test('a question that cannot be asked is not in the chat', async () => {
  const { screen, asked } = await chat([
    ['> ', 'bad\r'],
    ['> ', 'good\r'],
  ])
  assert.match(screen, 'tsinfer: chat template: no\n')
  assert.equal(contents(asked.at(-1)), ['user: good'])
})

test('commands', async () => {
  const { screen, asked } = await chat([
    ['> ', '/help\r'],
    ['> ', 'one\r'],
    ['> ', '/stats\r'],
    ['> ', '/system Be kind.\r'],
    ['> ', '/reset\r'],
    ['> ', '/restet\r'],
    ['> ', 'two\r'],
    ['> ', '/exit\r'],
  ])
  for (const name of ['help', 'reset', 'save', 'load', 'stats', 'system']) assert.match(screen, `  /${name} `)
  assert.match(screen, /context_used: 3\n.*context: 100\n.*seed: 7\ntokens: 2\n/s)
  assert.match(screen, 'did you mean /reset?')
  assert.equal(contents(asked.at(-1)), ['system: Be kind.', 'user: two'])
})

test('a saved chat goes on; what is none is refused by name', async () => {
  const { screen: saving } = await chat(
    [
      ['> ', 'one\r'],
      ['> ', '/save my file\r'],
      ['> ', '/save\r'],
    ],
    { system: 'S' },
  )
  assert.match(saving, 'my file: 3 messages, 2 tokens saved')
  assert.match(saving, '/save: expected the name of a file')
  const { screen, asked } = await chat([
    ['> ', '/load my file\r'],
    ['> ', 'two\r'],
  ])
  assert.match(screen, 'my file: 3 messages, 2 tokens loaded')
  assert.equal(contents(asked[0]), ['system: S', 'user: one', 'assistant: [one]', 'user: two'])
  const saved = files.get('my file')!
  for (const wrong of [
    '',
    '{',
    '[]',
    'null',
    '{"format":"tsinfer-chat","version":2,"messages":[]}',
    saved.slice(0, -20),
    saved.replace('"role"', '"rule"'),
  ]) {
    files.set('wrong', wrong)
    const { screen: refused, asked: after } = await chat([
      ['> ', 'one\r'],
      ['> ', '/load wrong\r'],
      ['> ', 'two\r'],
    ])
    assert.match(refused, /tsinfer: wrong: expected the session of a chat, found /)
    assert.equal(contents(after.at(-1)), ['user: one', 'assistant: [one]', 'user: two'])
  }
  const { screen: refused } = await chat([['> ', '/load none\r']])
  assert.match(refused, 'tsinfer: none: expected a session, found another file')
})

test('figures after every answer where they are wanted', async () => {
  const { screen } = await chat([['> ', 'one\r']], { stats: true })
  assert.match(screen, '[one]\ntokens: 2\n')
})

test.run()
