// What can be typed besides messages.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CTRL_C, chat, contents, files } from './echo-chat.ts'

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
  assert.match(screen, /tsinfer: --temp\w*: expected a number of at least 0, found "hot"/)
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

test('/stats answers in sentences whether speculation helped, as --stats does', async () => {
  const { screen } = await chat([
    ['> ', '/stats\r'],
    ['> ', 'one\r'],
    ['> ', '/stats\r'],
  ])
  const [, before = '', after = ''] = screen.split(/^messages: /m)
  assert.not.match(before, /speculation/)
  assert.match(after, /^2\ncontext_used: 3\ncontext: 100\nfinish_reason: stop\n/)
  assert.match(after, '\nloaded in 1.50 s; read 8 prompt tokens in 0.00400 s (2000 tok/s)\n')
  assert.match(after, '\nspeculation helped, 2.00 times the speed (sync, n-grams: 1 of 4 guesses were right (25%)): ')
  assert.match(
    after,
    'plain decoding is forecast to take 0.0500 s (20.0 tok/s, from steps without guesses); the target',
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

test.run()
