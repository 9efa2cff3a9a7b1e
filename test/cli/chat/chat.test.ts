// What is typed, what is asked, what is shown.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CTRL_C, chat, contents } from './echo-chat.ts'

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

test('figures after every answer where they are wanted', async () => {
  const { screen } = await chat([['> ', 'one\r']], { stats: true })
  assert.match(screen, '[one]\ntokens: 2\n')
  assert.match(screen, 'loaded in 1.50 s; read 8 prompt tokens in 0.00400 s')
  assert.match(
    screen,
    'speculation helped, 2.00 times the speed (sync, n-grams: 1 of 4 guesses were right (25%)): 2 tokens',
  )
})

test.run()
