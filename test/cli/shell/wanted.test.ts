// What `tsinfer run` understands of its words: raw text, one turn of a chat, a chat.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type WantedValues, wantedOf } from '../../../cli/shell/wanted.ts'
import type { TsinferError } from '../../../engine/errors.ts'
import { repositoryPath } from '../../shared.ts'
import { modelWithTemplate } from '../templated-model.ts'
import { tsinfer } from '../tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-wanted-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const wanted = (values: WantedValues, question?: string, isTerminal = false) =>
  wantedOf(values, question, { isEmbedded: false, isTerminal }, new AbortController().signal)
const turn = (question: string, system?: string) => {
  const user = { role: 'user', content: question }
  return {
    kind: 'turn',
    messages: system === undefined ? [user] : [{ role: 'system', content: system }, user],
  }
}
const textFile = (text: string): string => {
  const path = join(folder, 'text.txt')
  writeFileSync(path, text)
  return path
}

test('one turn of a chat: PROMPT, and any text with a system prompt', async () => {
  assert.equal(await wanted({}, 'Hello'), turn('Hello'))
  assert.equal(await wanted({ system: 'S' }, 'Hello'), turn('Hello', 'S'))
  assert.equal(await wanted({ system: 'S', prompt: 'Hello' }), turn('Hello', 'S'))
  assert.equal(await wanted({ system: 'S', file: textFile('Hello\n') }), turn('Hello', 'S'))
  assert.equal(await wanted({ system: '', prompt: 'Hello' }), turn('Hello', ''))
  assert.equal(await wanted({ json: true }, 'Hello', true), turn('Hello'))
})

test('raw text: -p, -f and --ids alone; of a file the last line end is dropped', async () => {
  assert.equal(await wanted({ prompt: 'Hello' }), { kind: 'raw', prompt: 'Hello' })
  assert.equal(await wanted({ prompt: 'Hello' }, undefined, true), { kind: 'raw', prompt: 'Hello' })
  assert.equal(await wanted({ file: textFile('a\n\r\n') }), { kind: 'raw', prompt: 'a\n' })
  assert.equal(await wanted({ ids: [1, 2] }), { kind: 'raw', prompt: [1, 2] })
})

test('a chat: nothing given, on a terminal', async () => {
  assert.equal(await wanted({}, undefined, true), { kind: 'chat' })
  assert.equal(await wanted({ system: 'S' }, undefined, true), { kind: 'chat' })
})

test('escapes are read in what is typed, not in a file', async () => {
  assert.equal(await wanted({ prompt: 'a\\nb' }), { kind: 'raw', prompt: 'a\nb' })
  assert.equal(await wanted({}, 'a\\nb'), turn('a\nb'))
  assert.equal(await wanted({ prompt: 'a\\nb', escapes: false }), { kind: 'raw', prompt: 'a\\nb' })
  assert.equal(await wanted({ file: textFile('a\\nb') }), { kind: 'raw', prompt: 'a\\nb' })
})

test('several texts, none, and a system prompt for ids are refused', async () => {
  const refusal = (values: WantedValues, question?: string) =>
    wanted(values, question).then(
      () => 'taken',
      (error: TsinferError) => `${error.code}: ${error.message}`,
    )
  const several = 'option_invalid: prompt: expected one of PROMPT, -p, -f and --ids, found'
  assert.is(await refusal({ prompt: 'x' }, 'y'), `${several} PROMPT and -p`)
  assert.is(await refusal({ prompt: 'x', file: 'f', ids: [1] }), `${several} -p and -f and --ids`)
  assert.match(
    await refusal({ ids: [1], system: 'S' }),
    /^option_invalid: system: expected a text to answer, found --ids/,
  )
  assert.match(await refusal({}, ''), /^prompt_invalid: prompt: expected some text, found none/)
  assert.match(await refusal({ file: textFile('\n') }), /^prompt_invalid: /)
  assert.match(await refusal({ file: join(folder, 'none') }), /^file_unreadable: /)
})

test('the model inside the package begins a story at a terminal, unless a chat is asked for', async () => {
  const kindOf = async (values: WantedValues, isTerminal = true) => {
    const where = { isEmbedded: true, isTerminal }
    return (await wantedOf(values, undefined, where, new AbortController().signal)).kind
  }
  assert.is(await kindOf({ prompt: 'x' }), 'raw')
  for (const asked of [{ system: 'S' }, { template: '{{ messages }}' }, { templateFile: 'x' }]) {
    assert.is(await kindOf(asked), 'chat')
  }
})

test('one turn fills the template of the file, by every spelling; a piped text, too', async () => {
  const template = '{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}'
  const path = modelWithTemplate(folder, template)
  const idsOf = async (text: string) =>
    JSON.parse((await tsinfer(['tokenize', MODEL, '-p', text, '--json'])).stdout).ids
  const promptIds = async (words: readonly string[], input = ''): Promise<number[]> => {
    const { code, stdout, stderr } = await tsinfer(['run', ...words, '-n', '1', '--json'], input)
    assert.is(code, 0, stderr)
    return JSON.parse(stdout).prompt_ids
  }
  assert.equal(await promptIds(['-m', path, 'Hello']), await idsOf('[user] Hello\n'))
  const both = await idsOf('[system] Be kind.\n[user] Hello\n')
  assert.equal(await promptIds([path, '-p', 'Hello', '--system-prompt', 'Be kind.']), both)
  assert.equal(await promptIds([path, '-sys', 'Be kind.'], 'Hello\n'), both)
  assert.equal(await promptIds([path, '-p', 'Hello']), await idsOf('Hello'))
  const given = ['--chat-template', '{{ bos_token }}<{{ messages[0].content }}>']
  assert.equal(await promptIds([MODEL, 'Hello', ...given]), await idsOf('<Hello>'))
})

test('a question to a model without a template is asked with ChatML, and that is said; so is a context beyond the model', async () => {
  const { code, stdout, stderr } = await tsinfer(['run', MODEL, 'Hello', '-c', '2100', '-n', '1', '--json'])
  assert.is(code, 0, stderr)
  const { prompt_ids: ids, stats } = JSON.parse(stdout)
  assert.match(stats.plan, /context 2100/)
  const [first, second, ...others] = stderr.trimEnd().split('\n')
  assert.match(first!, /^context: 2100 positions, as asked; the model was made for 2048/)
  assert.match(second!, /^the model has no chat template \(.*\): ChatML is used$/)
  const turn = '<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n'
  assert.equal(ids, JSON.parse((await tsinfer(['tokenize', MODEL, '-p', turn, '--json'])).stdout).ids)
  assert.equal(others, [])
})

test('options of a chat are refused for raw text, by the spelling that was typed', async () => {
  for (const words of [
    ['--chat-template', 'y'],
    ['--chat-template-kwargs', '{}'],
    ['-sys', 'y', '--ids', '1'],
  ]) {
    const { code, stderr } = await tsinfer(['run', ...(words.includes('--ids') ? [] : ['-p', 'x']), ...words])
    assert.is(code, 2, stderr)
    assert.match(stderr, new RegExp(`^tsinfer: ${words[0]}: expected a (chat|text)[^\\n]*\\n$`))
  }
  const surplus = await tsinfer(['run', '-m', MODEL, 'x', 'y'])
  assert.is(surplus.stderr, 'tsinfer: y: unexpected argument\n')
})

test.run()
