// What goes in and out of the process: input that never ends or is no UTF-8, output that cannot be written.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readPrompt } from '../../cli/shell/prompt.ts'
import type { TsinferError } from '../../engine/errors.ts'
import { repositoryPath, skipTest } from '../shared.ts'
import { ended, startTsinfer, tsinfer } from './tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-streams-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('Ctrl-C before standard input is read: it is not waited for', async () => {
  const stopped = await readPrompt(false, false, AbortSignal.abort()).catch((error: unknown) => error)
  assert.is((stopped as TsinferError).code, 'aborted')
})

test('input that never ends: one line, exit 2', async () => {
  const child = startTsinfer(['run', MODEL])
  const lines = Buffer.from('y\n'.repeat(1 << 19))
  const more = (): void => {
    if (child.stdin.writable) child.stdin.write(lines, (error) => error ?? more())
  }
  child.stdin.on('error', () => {})
  more()
  const { code, stdout, stderr } = await ended(child)
  assert.equal([code, stdout], [2, ''])
  assert.is(stderr, 'tsinfer: standard input: expected at most 64 MiB of text, found more\n')
})

const endless = 'a file that never ends: one line, exit 2'
if (existsSync('/dev/zero')) {
  test(endless, async () => {
    const { code, stderr } = await tsinfer(['tokenize', MODEL, '-f', '/dev/zero'])
    assert.is(code, 2)
    assert.is(stderr, 'tsinfer: /dev/zero: expected at most 64 MiB of text, found more\n')
  })
} else skipTest(test, endless, 'needs /dev/zero')

test('bytes that are no UTF-8 are said, with their place, wherever text comes from', async () => {
  const file = join(folder, 'latin1.txt')
  const bytes = Buffer.from('caf\u00e9 \u65e5', 'utf8')
  const latin1 = Buffer.concat([bytes, Buffer.from('caf\u00e9', 'latin1')])
  writeFileSync(file, latin1)
  const where = /expected UTF-8 text, found the byte 0xe9 at offset 12\n$/
  const child = startTsinfer(['run', MODEL])
  child.stdin.end(latin1)
  const piped = await ended(child)
  assert.is(piped.code, 2)
  assert.match(piped.stderr, /^tsinfer: standard input: expected/)
  assert.match(piped.stderr, where)
  const commands = [
    ['run', MODEL, '-f', file],
    ['tokenize', MODEL, '-f', file],
    ['perplexity', MODEL, '-f', file],
    ['template', '--chat-template', '{{ 1 }}', '--messages', file],
    ['template', '--chat-template-file', file, '--messages', file],
    ['run', '-p', 'x', '-jf', file],
  ]
  for (const words of commands) {
    const { code, stdout, stderr } = await tsinfer(words)
    assert.equal([code, stdout], [2, ''], words.join(' '))
    assert.match(stderr, /^tsinfer: [^\n]+latin1\.txt: [^\n]+\n$/)
    assert.match(stderr, where)
  }
})

const full = 'standard output that is full: one line, exit 1'
if (existsSync('/dev/full')) {
  test(full, async () => {
    const messages = join(folder, 'messages.json')
    writeFileSync(messages, '[{"role": "user", "content": "x"}]')
    const commands = [
      ['run', '-p', 'Lily', '-n', '20'],
      ['inspect', MODEL],
      ['inspect', MODEL, '--json'],
      ['tokenize', MODEL, '-p', 'x'],
      ['template', '--chat-template', '{{ 1 }}', '--messages', messages],
      ['logits', MODEL, '--ids', '1,2,3'],
      ['--help'],
    ]
    for (const words of commands) {
      const output = openSync('/dev/full', 'w')
      const child = spawn(process.execPath, [repositoryPath('dist/cli/main.js'), ...words], {
        stdio: ['ignore', output, 'pipe'],
      })
      closeSync(output)
      let stderr = ''
      child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
        stderr += chunk
      })
      const code = await new Promise((resolve) => child.on('close', resolve))
      assert.match(stderr, /^tsinfer: standard output: [^\n]*no space left[^\n]*\n$/, words.join(' '))
      assert.is(code, 1, words.join(' '))
    }
  })
} else skipTest(test, full, 'needs /dev/full')

test.run()
