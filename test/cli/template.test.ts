import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MetadataItem } from '../../bench/forge/gguf-writer.ts'
import { writeGguf } from '../../bench/forge/output-file.ts'
import { readCommandLine } from '../../cli/shell/arguments.ts'
import { command } from '../../cli/template.ts'
import type { TsinferError } from '../../engine/errors.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { ended, startTsinfer, tsinfer } from './tsinfer.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-template-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

/** A GGUF file with metadata and nothing else. */
function model(name: string, items: Readonly<Record<string, string | number | readonly string[]>>): string {
  const path = join(folder, name)
  const metadata = Object.entries(items).map(
    ([key, value]): MetadataItem => ({ key, type: typeof value === 'number' ? 'u32' : 'string', value }),
  )
  writeGguf(path, metadata, [])
  return path
}

const messages = file('messages.json', [{ role: 'user', content: 'Hé 😀' }])
const echo = file('echo.jinja', '{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}\n')

test('a template file: the text and nothing else', async () => {
  const { code, stdout, stderr } = await tsinfer([
    'template',
    ...['--chat-template-file', echo, '--messages', messages, '--bos', '<s>'],
  ])
  assert.equal({ code, stdout, stderr }, { code: 0, stdout: '<s>user: Hé 😀\n', stderr: '' })
})

test('a model: its template, its tokens, its template for tools, one by name', async () => {
  const path = model('model.gguf', {
    'general.architecture': 'llama',
    'tokenizer.ggml.tokens': ['<unk>', '<BOS>', '<EOS>'],
    'tokenizer.ggml.eos_token_id': 2,
    'tokenizer.ggml.bos_token_id': 1,
    'tokenizer.chat_template': '{{ bos_token }}usual{{ eos_token }}',
    'tokenizer.chat_template.tool_use': '{{ tools | length }} tools',
    'tokenizer.chat_template.rag': 'rag',
  })
  const run = async (...words: string[]) => (await tsinfer(['template', path, '--messages', messages, ...words])).stdout
  assert.is(await run(), '<BOS>usual<EOS>')
  assert.is(await run('--bos', 'B', '--eos', ''), 'Busual')
  assert.is(await run('--tools', file('tools.json', [{}, {}])), '2 tools')
  assert.is(await run('--chat-template', 'rag'), 'rag')
  assert.is(await run('--chat-template-file', echo), '<BOS>user: Hé 😀\n')
  const wrong = await tsinfer(['template', path, '--messages', messages, '--chat-template', 'nope'])
  assert.is(wrong.code, 2)
  assert.match(wrong.stderr, /tokenizer\.chat_template\.nope/)
})

test('variables: generation prompt, the clock, those of the file and of the command line', async () => {
  const source =
    '{{ add_generation_prompt }} {{ strftime_now("%A %H:%M") }} {{ x }} {{ y | tojson }} {{ z is defined }}'
  const conversation = file(
    'object.json',
    '{"messages": [{"role": "user"}], "x": 1.0, "y": {"2": 1, "1": 12345678901234567890}}',
  )
  const run = async (...words: string[]) =>
    (
      await tsinfer([
        'template',
        '--chat-template',
        source,
        '--messages',
        conversation,
        '--now',
        '2026-01-02T03:04',
        ...words,
      ])
    ).stdout
  assert.is(await run(), 'True Friday 03:04 1.0 {"2": 1, "1": 12345678901234567890} False')
  assert.match(await run('--no-generation-prompt'), /^False /)
  assert.match(await run('--chat-template-kwargs', '{"x": null, "z": 1}'), / None .* True$/)
})

test('content parts: joined, or refused by name', async () => {
  const part = (text: string) => ({ type: 'text', text })
  const parts = file('parts.json', [{ role: 'user', content: [part('Tell me '), part('a riddle')] }])
  const { stdout } = await tsinfer(['template', '--chat-template-file', echo, '--messages', parts])
  assert.is(stdout, 'user: Tell me a riddle\n')
  const image = file('image.json', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }])
  const { code, stderr } = await tsinfer(['template', '--chat-template-file', echo, '--messages', image])
  assert.is(code, 2)
  assert.match(stderr, /^tsinfer: message 0: part 0 of content: expected type text, found image_url\n$/)
})

/** A module that makes a search for HANG go on for ever, in whatever thread, and says that it has begun. */
const HANGING = `
const { indexOf } = String.prototype
String.prototype.indexOf = function (text, from) {
  if (text === 'HANG') require('node:fs').writeSync(2, 'rendering')
  while (text === 'HANG');
  return indexOf.call(this, text, from)
}`

test('Ctrl-C ends a hostile rendering at once, whatever it is doing', async () => {
  const preload = file('hanging.cjs', HANGING)
  const hostile = file('hostile.jinja', "{{ messages[0].content.find('HANG') }}")
  const words = ['template', '--chat-template-file', hostile, '--messages', messages]
  const child = startTsinfer(words, { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` })
  const end = ended(child)
  await new Promise((resolve) => child.stderr.once('data', resolve))
  child.kill('SIGINT')
  assert.equal(await end, { code: 130, stdout: '', stderr: 'rendering' })
})

test('a model without a template: ChatML, said in a notice', async () => {
  const path = repositoryPath('cli/models/stories260K.gguf')
  const { code, stdout, stderr } = await tsinfer(['template', path, '--messages', messages])
  assert.is(code, 0)
  assert.is(stdout, '<|im_start|>user\nHé 😀<|im_end|>\n<|im_start|>assistant\n')
  assert.match(stderr, /^[^\n]*no chat template[^\n]*ChatML is used\n$/)
})

test('tools that the template reads none of: said, or told in the system turn', async () => {
  const tools = file('unread.json', [{ type: 'function', function: { name: 'add', parameters: {} } }])
  const run = (...words: string[]) =>
    tsinfer(['template', '--chat-template-file', echo, '--messages', messages, '--tools', tools, ...words])
  const unread = await run()
  assert.is(unread.stdout, 'user: Hé 😀\n')
  assert.match(unread.stderr, /reads no tools/)
  const told = await run('--tools-in-prompt')
  assert.match(told.stdout, /^system: You can call tools\..*"name": "add".*user: Hé 😀\n$/s)
  assert.is(told.stderr, '')
})

test('an interruption ends it at once, before and behind the rendering', async () => {
  const words = ['--chat-template-file', echo, '--messages', messages]
  const { values, positionals } = readCommandLine(command.options, words)
  const interrupted = command.run({ values, positionals, signal: AbortSignal.abort() } as never)
  assert.is(
    await interrupted.then(
      () => 'rendered',
      (error: TsinferError) => error.code,
    ),
    'aborted',
  )
  const late = new AbortController()
  const stopped = command.run({ values, positionals, signal: late.signal } as never)
  late.abort()
  assert.is(
    await stopped.then(
      () => 'rendered',
      (error: TsinferError) => error.code,
    ),
    'aborted',
  )
})

test('what cannot be rendered ends with 2 and one line', async () => {
  const cases: readonly (readonly [words: readonly string[], why: RegExp])[] = [
    [['--messages', messages], /model file or --chat-template-file, found none/],
    [['--chat-template', '{{ x'], /--messages/],
    [['--chat-template', '{{ x', '--messages', messages], /line 1: expected }}/],
    [['--chat-template', "{{ raise_exception('No!') }}", '--messages', messages], /refuses the messages: No!/],
    [['--chat-template', '{{ a.b }}', '--messages', messages], /'a' is undefined/],
    [['--chat-template', '{{ x }}', '--messages', file('bad.json', '[{"role": }]')], /bad\.json: line 1, column 11/],
    [
      ['--chat-template', '{{ x }}', '--messages', file('none.json', '{}')],
      /none\.json: expected an array of messages/,
    ],
    [['--chat-template', '{{ x }}', '--messages', file('role.json', '[{"content": 1}]')], /message 0: expected.*role/],
    [['--chat-template', '{{ x }}', '--messages', messages, '--now', 'today'], /--now: expected a local time/],
    [
      ['--chat-template-file', join(folder, 'absent'), '--messages', messages],
      /expected a readable text file, found no such file/,
    ],
    [
      [
        '--chat-template',
        '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
        '--messages',
        messages,
      ],
      /expected an end, found that it loops/,
    ],
  ]
  for (const [words, why] of cases) {
    const { code, stdout, stderr } = await tsinfer(['template', ...words])
    assert.is(code, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, why)
    assert.match(stderr, /^tsinfer: [^\n]*\n$/)
  }
})

sharedTest(test, 'a real template with tools', 'vectors/chat', async (shared) => {
  const golden = JSON.parse(readFileSync(join(shared, 'golden-renders.json'), 'utf8'))
  const name = 'Qwen-Qwen2.5-7B-Instruct.jinja'
  const { messages: round, tools } = golden.conversations.tool_round
  const { stdout } = await tsinfer([
    ...['template', '--chat-template-file', join(shared, 'jinja', name), '--bos', '<s>', '--eos', '</s>'],
    ...['--messages', file('round.json', round), '--tools', file('round-tools.json', tools)],
  ])
  assert.is(stdout, golden.renders[name].tool_round.output)
})

test.run()
