// Files whose texts want to steer the terminal or to write lines in our name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeGguf } from '../../bench/forge/output-file.ts'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { inspectionReport, pairReport } from '../../cli/shell/inspection-report.ts'
import { steeringFree } from '../../cli/shell/terminal-text.ts'
import { inspectModel } from '../../index.ts'
import { hostileText, STEERS } from '../hostile-text.ts'
import { repositoryPath, skipTest } from '../shared.ts'
import { hasTmux, Terminal } from './terminal.ts'
import { tsinfer } from './tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const FORGED = '\u001b[2J\nrunnable: yes\n\u202e\u009b31m'
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-hostile-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Lines of a report hold no control characters, and no line is the file's own. */
function checkReport(report: string): void {
  for (const line of report.split('\n')) assert.not.match(line, STEERS)
  const heads = report
    .split('\n')
    .slice(0, -1)
    .filter((line) => !line.startsWith('  '))
  assert.equal(
    heads.map((line) => line.split(':')[0]),
    ['file', 'format', 'architecture', 'runnable', 'parameters', 'tensors', 'metadata'],
  )
}

test('inspect: no text of a file writes a line of its own', async () => {
  const path = join(folder, 'random.gguf')
  const item = fc.record({ key: hostileText.filter((key) => key !== ''), value: hostileText })
  await fc.assert(
    fc.asyncProperty(hostileText, fc.uniqueArray(item, { selector: ({ key }) => key }), async (architecture, items) => {
      const named = { key: 'general.architecture', type: 'string', value: architecture } as const
      writeGguf(path, [named, ...items.map(({ key, value }) => ({ key, type: 'string', value }) as const)], [])
      const inspection = await inspectModel(path).catch(() => undefined)
      // Keys that are no valid UTF-8 or come twice may be refused.
      if (inspection === undefined) return
      const report = inspectionReport(inspection)
      checkReport(report)
      assert.match(report, /^runnable: no: /m)
      assert.is(report.split('\n').filter((line) => line.startsWith('  ')).length, inspection.metadata.length)
    }),
    { numRuns: 60 },
  )
})

test('inspect --pair: differences are lines of ours', () => {
  const lines = pairReport({ draft: FORGED, differences: [FORGED, 'b'] }).split('\n')
  assert.is(lines.length, 4)
  for (const line of lines) assert.not.match(line, STEERS)
})

test('errors: every command tells of a hostile file in one line', async () => {
  const other = join(folder, 'other.gguf')
  rewriteModel(other, MODEL, [{ key: 'general.architecture', type: 'string', value: FORGED }])
  const template = join(folder, 'template.jinja')
  writeFileSync(template, `{{ raise_exception(${JSON.stringify(FORGED)}) }}`)
  const messages = join(folder, 'messages.json')
  writeFileSync(messages, JSON.stringify([{ role: 'user', content: FORGED }]))
  const commands = [
    ['run', other, '-p', 'x'],
    ['run', join(folder, FORGED), '-p', 'x'],
    [FORGED],
    ['run', `--${FORGED}`],
    ['run', '--temp', FORGED],
    ['template', '--chat-template-file', template, '--messages', messages],
    ['template', '--chat-template', `{% ${FORGED} %}`, '--messages', messages],
    ['run', '-p', 'x', '--json-schema', `{"type": ${JSON.stringify(FORGED)}}`],
  ]
  for (const words of commands) {
    const { code, stderr } = await tsinfer(words)
    assert.is(code, 2, stderr)
    assert.match(stderr, /^tsinfer: [^\n]+\n$/)
    assert.not.match(stderr.slice(0, -1), STEERS)
  }
})

test('JSON: what would steer a terminal is escaped, and means the same', async () => {
  const path = join(folder, 'named.gguf')
  rewriteModel(path, MODEL, [{ key: 'general.name', type: 'string', value: FORGED }])
  const { stdout } = await tsinfer(['inspect', path, '--json'])
  assert.not.match(stdout.slice(0, -1), STEERS)
  assert.is(JSON.parse(stdout).metadata['general.name'], FORGED)
})

test('text that was made: a terminal gets no control characters but newline and tab, in whatever pieces', () => {
  fc.assert(
    fc.property(fc.array(hostileText), (pieces) => {
      const shown = pieces.map(steeringFree).join('')
      assert.not.match(shown, /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/u)
      assert.is(shown, steeringFree(pieces.join('')))
    }),
  )
  assert.is(steeringFree('a\r\n\tb\u001b[31mc\u009b0m\u0007 می‌خواهم'), 'a\n\tb[31mc0m می‌خواهم')
})

const name = 'template on a terminal: no control characters unless --raw; a pipe gets all'
const body = async (): Promise<void> => {
  const messages = join(folder, 'made.json')
  const content = 'one\u001b[31mtwo\u009b0m\u0007'
  writeFileSync(messages, JSON.stringify([{ role: 'user', content }]))
  const words = ['template', '--chat-template', '{{ messages[0].content }}', '--messages', messages]
  assert.is((await tsinfer(words)).stdout, content)
  const shown = async (more: readonly string[]): Promise<string> => {
    using terminal = new Terminal(`made${more.length}`, [
      process.execPath,
      repositoryPath('dist/cli/main.js'),
      ...words,
      ...more,
    ])
    return await terminal.until((text) => text.includes('[ended: 0]'))
  }
  assert.match(await shown([]), /^one\[31mtwo0m\[ended/)
  assert.match(await shown(['--raw']), /^onetwo(0m)?\[ended/)
}
if (hasTmux()) test(name, body)
else skipTest(test, name, 'needs tmux')

test.run()
