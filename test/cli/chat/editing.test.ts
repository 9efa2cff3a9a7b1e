// Keys of the line editor, and what terminals can do.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CTRL_C, CTRL_R, chat, contents, DIM } from './echo-chat.ts'

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

test.run()
