import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from '../shared.ts'
import { modelWithTemplate } from './templated-model.ts'
import { tsinfer } from './tsinfer.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-parse-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const parameters = { type: 'object', properties: { a: { type: 'string' } } }
const tools = file('tools.json', [{ type: 'function', function: { name: 'add', parameters } }])
/** Its prompt ends inside of the reasoning, and it has the sign of a format. */
const template = file('think.jinja', "{{ messages[0].content }}{{ '<function=' + (tools | tojson) if tools }}<think>\n")
const CALL = '<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n1.0\n</parameter>\n</function>'

const parse = async (...words: string[]) => {
  const { code, stdout, stderr } = await tsinfer(['parse', ...words])
  assert.is(stderr, '')
  assert.is(code, 0)
  return stdout
}

test('reasoning, content and calls, in the form of the template', async () => {
  const text = `Hm.\n</think>\n\nSo:\n${CALL}`
  const all = await parse('--chat-template-file', template, '-p', text, '--tools', tools, '--json')
  assert.is(all, '{"reasoning":"Hm.","content":"So:","tool_calls":[{"name":"add","arguments":{"a":"1","b":1.0}}]}\n')
  const shown = await parse('--chat-template-file', template, '-f', file('answer', text), '--tools', tools)
  assert.equal(JSON.parse(shown), JSON.parse(all))
  assert.ok(shown.split('\n').length > 4, shown)
})

test('nothing is a call without tools, nor in the form of another template', async () => {
  const without = await parse('--chat-template-file', template, '-p', `</think>${CALL}`, '--json')
  assert.equal(JSON.parse(without), { reasoning: '', content: CALL, tool_calls: [] })
  const mistral = '</think>[TOOL_CALLS]add[ARGS]{"a": "1"}'
  const other = await parse('--chat-template-file', template, '-p', mistral, '--tools', tools, '--json')
  assert.equal(JSON.parse(other).content, '[TOOL_CALLS]add[ARGS]{"a": "1"}')
})

test('a template that reads no tools, though it writes calls: they are told, and answered as they are told', async () => {
  const unread = file('unread.jinja', "{{ messages[0].content }}{{ '[TOOL_CALLS]' if messages[0].tool_calls }}")
  const text = '<tool_call>{"name": "add", "arguments": {"a": "1"}}</tool_call>'
  const all = await parse('--chat-template-file', unread, '-p', text, '--tools', tools, '--json')
  assert.equal(JSON.parse(all).tool_calls, [{ name: 'add', arguments: { a: '1' } }])
})

test('the template of a model, or none', async () => {
  const text = '<tool_call>{"name": "add", "arguments": "none"}</tool_call>'
  const expected = { reasoning: '', content: '', tool_calls: [{ name: 'add', arguments: 'none' }] }
  const model = modelWithTemplate(folder, "{{ raise_exception('No!') }}")
  assert.equal(JSON.parse(await parse(model, '-p', text, '--tools', tools, '--json')), expected)
  const bare = repositoryPath('cli/models/stories260K.gguf')
  const { stdout, stderr } = await tsinfer(['parse', bare, '-p', text, '--tools', tools, '--json'])
  assert.equal(JSON.parse(stdout), expected)
  assert.match(stderr, /ChatML/)
})

test('what cannot be parsed ends with 2 and one line', async () => {
  const cases: readonly (readonly [words: readonly string[], why: RegExp])[] = [
    [['-p', 'x'], /parse: expected a model file or --chat-template-file, found none/],
    [['--chat-template-file', template], /expected one of -p and -f, found none/],
    [['--chat-template-file', template, '-p', 'x', '--tools', file('object.json', {})], /expected an array of tools/],
    [['--chat-template-file', template, '-p', 'x', '--tools', file('odd.json', [{}])], /a tool with a function/],
    [['--chat-template', '{{ x', '-p', 'x'], /line 1: expected }}/],
  ]
  for (const [words, why] of cases) {
    const { code, stdout, stderr } = await tsinfer(['parse', ...words])
    assert.is(code, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, why)
    assert.match(stderr, /^tsinfer: [^\n]*\n$/)
  }
})

test.run()
