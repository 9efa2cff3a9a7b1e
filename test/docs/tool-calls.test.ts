// docs/tool-calls.md has every format, as it is recognised.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TOOL_FORMATS } from '../../tokenizer/answer/tool-formats.ts'
import { repositoryPath } from '../shared.ts'

const rows = readFileSync(repositoryPath('docs/tool-calls.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim().replaceAll('\\|', '|')))

test('the table has every format, with the mark that calls begin with', () => {
  assert.equal(rows.map(([name]) => name).sort(), TOOL_FORMATS.map(({ name }) => name).sort())
  for (const { name, opens } of TOOL_FORMATS) {
    const form = rows.find(([of]) => of === name)![2]!
    assert.ok(opens.length === 0 || opens.some((open) => form.includes(open)), `${name}: ${form}`)
  }
})

test.run()
