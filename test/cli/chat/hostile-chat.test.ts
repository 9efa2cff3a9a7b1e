// Texts that want to steer the terminal of a chat.
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TerminalView } from '../../../cli/chat/terminal-view.ts'
import { hostileText } from '../../hostile-text.ts'
import { answers, chat, files } from './echo-chat.ts'

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
