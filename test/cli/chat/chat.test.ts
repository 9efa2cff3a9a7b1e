// A chat over made-up streams and a made-up model: what is typed, what is asked, what is shown.
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ChatSettings, runChat } from '../../../cli/chat/chat.ts'
import { TerminalView } from '../../../cli/chat/terminal-view.ts'
import type { TerminalAbilities } from '../../../cli/terminal-abilities.ts'
import {
  type ChatGeneration,
  type ChatMessage,
  type ChatOptions,
  type ChatPiece,
  type ChatResult,
  type Model,
  TsinferError,
} from '../../../index.ts'
import { hostileText } from '../../hostile-text.ts'

/** Session files by path: their notes. */
const files = new Map<string, string>()

const CTRL_R = '\u0012'
const DIM = '\u001b[2m'
/** What the model says in place of the echo. */
const answers = new Map<string, string>()
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'

/** Answers each message with its own words in brackets; `wait` never ends by itself, `bad` fails. */
class EchoModel {
  readonly asked: (readonly ChatMessage[])[] = []
  readonly options: ChatOptions[] = []
  info = { name: 'echo', path: 'echo.gguf', contextLength: 100, plan: { text: 'no plan' } }

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

  chat(messages: readonly ChatMessage[], { signal, ...options }: ChatOptions = {}): ChatGeneration {
    this.asked.push([...messages])
    this.options.push(options)
    const question = String(messages.at(-1)!.content)
    const content = answers.get(question) ?? `[${question}]`
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
  script: readonly (readonly [mark: string, text: string | Uint8Array])[],
  { name, moves, styles, ...settings }: Partial<ChatSettings & TerminalAbilities & { readonly name: string }> = {},
): Promise<{ readonly screen: string; readonly asked: EchoModel['asked']; readonly options: ChatOptions[] }> {
  const model = new EchoModel()
  if (name !== undefined) model.info = { ...model.info, name }
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
  const all: ChatSettings = { options: {}, system: undefined, stats: false, raw: false, ...settings }
  await runChat(
    model as unknown as Model,
    all,
    { input, output, moves: moves ?? true, styles: styles ?? true },
    new AbortController().signal,
  )
  return { screen, asked: model.asked, options: model.options }
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

test('/set changes the next answers, /show tells; wrong names and values are refused', async () => {
  const { screen, options } = await chat(
    [
      ['> ', '/set temperature 0.25\r'],
      ['> ', '/set top-k 5\r'],
      ['> ', '/set seed 3\r'],
      ['> ', '/set n 7\r'],
      ['> ', '/set system Be kind.\r'],
      ['> ', 'one\r'],
      ['> ', '/show\r'],
      ['> ', '/set seed -1\r'],
      ['> ', '/set n -1\r'],
      ['> ', '/set temprature 1\r'],
      ['> ', '/set temperature hot\r'],
      ['> ', '/set temperature\r'],
      ['> ', 'two\r'],
    ],
    { options: { temperature: 1, minP: 0.5 } },
  )
  assert.equal(options[0], {
    temperature: 0.25,
    minP: 0.5,
    topK: 5,
    seed: 3,
    maxTokens: 7,
    session: options[0]!.session,
  })
  assert.equal(options[1], { temperature: 0.25, minP: 0.5, topK: 5, session: options[0]!.session })
  assert.match(
    screen,
    /model: echo\n.*system: Be kind\.\ntemperature: 0\.25\ntop_k: 5\n.*min_p: 0\.5\n.*seed: 3\nmax_tokens: 7\n/s,
  )
  assert.match(screen, /tsinfer: \/set: expected .*found temprature; did you mean temperature\?/)
  assert.match(screen, /tsinfer: --temp: expected a number of at least 0, found "hot"/)
  assert.match(screen, '/set: expected a name and a value')
})

test('/regen answers the last message again, with another seed where one is fixed', async () => {
  const { screen, asked, options } = await chat(
    [
      ['> ', '/regen\r'],
      ['> ', 'one\r'],
      ['> ', '/regen\r'],
      ['> ', '/regen\r'],
      ['> ', 'two\r'],
    ],
    { options: { seed: 0xffffffff } },
  )
  assert.match(screen, 'tsinfer: /regen: expected a message to answer, found none')
  assert.equal(asked.map(contents), [
    ['user: one'],
    ['user: one'],
    ['user: one'],
    ['user: one', 'assistant: [one]', 'user: two'],
  ])
  assert.equal(
    options.map(({ seed }) => seed),
    [0xffffffff, 0, 1, 0xffffffff],
  )
})

test('/stats after a stopped answer tells of that answer', async () => {
  const { screen } = await chat([
    ['> ', 'one\r'],
    ['> ', 'wait\r'],
    ['[wait]', CTRL_C],
    ['> ', '/stats\r'],
  ])
  assert.match(screen, /messages: 4\ncontext: 100\nfinish_reason: stopped\ntokens: 2\nttft_ms: [\d.]+\ndecode_ms: /)
})

test('a command with a slip of the fingers: the nearest one is named, /exit too', async () => {
  const { screen, asked } = await chat([
    ['> ', '/exi\r'],
    ['> ', '/claer\r'],
    ['> ', '/xyzzyx\r'],
  ])
  assert.match(screen, '/exi: unknown command; did you mean /exit?')
  assert.match(screen, '/claer: unknown command; did you mean /clear?')
  assert.match(screen, '/xyzzyx: unknown command; /help lists them')
  assert.equal(asked, [])
})

test('Tab completes commands and what stands behind them; in a message it is a tab', async () => {
  const { screen, asked } = await chat([
    ['> ', '/sy'],
    ['/sy', '\t'],
    ['stem ', 'Be kind.\r'],
    ['> ', '/se'],
    ['/se', '\t'],
    ['t ', 'temp'],
    ['temp', '\t'],
    ['erature', ' 0\r'],
    ['> ', 'a'],
    ['a', '\t'],
    ['\t', 'b\r'],
  ])
  assert.match(screen, 'system prompt set')
  assert.match(screen, 'temperature set to 0')
  assert.equal(contents(asked.at(-1)), ['system: Be kind.', 'user: a\tb'])
})

test('Ctrl-R finds what was typed before; Ctrl-R again goes on; Ctrl-G gives the line back', async () => {
  const { asked, screen } = await chat([
    ['> ', 'the red ball\r'],
    ['> ', 'the blue ball\r'],
    ['> ', CTRL_R],
    ['(search: ) ', 'ball'],
    ['(search: ball) the blue ball', CTRL_R],
    ['(search: ball) the red ball', '\r'],
    ['> ', 'kept'],
    ['kept', CTRL_R],
    ['(search: ) ', 'zz'],
    ['(not found: zz) ', '\u0007'],
    ['> kept', '\r'],
  ])
  assert.equal(
    asked.map((messages) => messages.at(-1)!.content),
    ['the red ball', 'the blue ball', 'the red ball', 'kept'],
    screen,
  )
})

test('bytes that are no UTF-8 are said, and the chat goes on', async () => {
  const { screen, asked } = await chat([
    ['> ', new Uint8Array([0x63, 0xe9, 0x0d])],
    ['> ', 'caf\u00e9\r'],
  ])
  assert.match(screen, 'tsinfer: message: expected UTF-8, found bytes that are none; it was not sent\n')
  assert.equal(contents(asked.at(-1)), ['user: café'])
})

test('NO_COLOR and TERM=dumb: words tell reasoning from the answer, a dumb terminal is not steered', async () => {
  const plain = await chat([['> ', 'one\r']], { styles: false })
  assert.match(plain.screen, '(reasoning) hm\n\n(answer) [one]\n')
  assert.not.match(plain.screen, DIM)
  const { TERM } = process.env
  process.env.TERM = 'dumb'
  try {
    const { screen, asked } = await chat(
      [
        ['> ', 'half'],
        ['half', CTRL_C],
        ['> ', 'one\r'],
      ],
      { moves: false, styles: false },
    )
    assert.not.match(screen, '\u001b')
    assert.equal(contents(asked.at(-1)), ['user: one'])
  } finally {
    if (TERM === undefined) delete process.env.TERM
    else process.env.TERM = TERM
  }
})

test('a chat writes no controls of a model, a file or a message, unless --raw is given', async () => {
  const hostile = 'x\u001b]0;title\u0007\u009b31m\u202ey'
  const script = [
    ['> ', '/load hostile\r'],
    ['> ', '/system\r'],
    ['> ', '/save no/\r'],
    ['> ', 'one\r'],
  ] as const
  const message = { role: 'system', content: `${hostile}\n> forged` }
  files.set('hostile', JSON.stringify({ format: 'tsinfer-chat', version: 1, messages: [message] }))
  const { screen } = await chat(script, { name: `${hostile}\n> forged` })
  for (const steering of ['\u001b]', '\u0007', '\u009b', '\u202e']) assert.not.match(screen, steering)
  assert.not.match(screen, /^> forged/m)
  assert.match(screen, 'x\\u001b]0;title\\u0007\\u009b31m\\u202ey\\n> forged, no plan')
  answers.set('one', hostile)
  const stripped = await chat([['> ', 'one\r']])
  assert.match(stripped.screen, 'x]0;title31my\n')
  const raw = await chat([['> ', 'one\r']], { raw: true })
  assert.match(raw.screen, hostile)
  answers.clear()
})

test('a chat of any hostile answer: no control character but newline and tab, in whatever pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileText, { maxLength: 4 }), async (pieces) => {
      const output = new PassThrough()
      let screen = ''
      output.setEncoding('utf8').on('data', (chunk: string) => {
        screen += chunk
      })
      const view = new TerminalView({ input: new PassThrough(), output, moves: true, styles: false }, false)
      for (const piece of pieces) view.reasoning(piece)
      for (const piece of pieces) view.text(piece)
      view.end()
      assert.not.match(screen, /[^\P{Cc}\n\t]/u)
    }),
  )
})

test.run()
