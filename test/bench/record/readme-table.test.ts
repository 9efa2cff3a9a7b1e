import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { savedReports } from '../../../bench/record/readme.ts'
import { readmeSection, type SavedReport, withSection } from '../../../bench/record/readme-table.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { repositoryPath } from '../../shared.ts'

const machine = { cpu: 'A processor', usableCores: 2, memoryGib: 24 }

function report(node: string, others: readonly string[], cpu = machine.cpu): SavedReport {
  const engines = ['tsinfer', ...others]
  const speeds = engines.flatMap((engine, i) => [
    [`${engine}.median`, 40 / (i + 1)],
    [`${engine}.best`, 50 / (i + 1)],
    [`${engine}.ratioOfMedians`, i === 0 ? undefined : i + 1],
  ])
  return {
    bench: 'peers',
    machine: { ...machine, cpu },
    options: {
      engines,
      threads: 2,
      rounds: 5,
      versions: Object.fromEntries(engines.map((name) => [name, `${name} 1`])),
    },
    rows: [{ model: '1b-Q4_0', test: 'tg64', node, ...Object.fromEntries(speeds) }],
  }
}

test("README's table is what the command makes of the saved reports", () => {
  const readme = readFileSync(repositoryPath('README.md'), 'utf8')
  assert.is(readme, withSection(readme, readmeSection(savedReports())))
})

test('reports of several Nodes and engines make one table, of the newest Node', () => {
  const section = readmeSection([report('20.1.0', ['a', 'b']), report('26.0.0', ['a'])])
  const table = section.split('\n').filter((line) => line.startsWith('|'))
  assert.equal(table, [
    '| model | test | Node | tsinfer | a | ratio | b | ratio |',
    '| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |',
    '| 1b-Q4_0 | tg64 | 26.0.0 | 40 (50) | 20 (25) | 2.00 | - | - |',
  ])
  assert.match(section, /^A processor, 2 usable cores, 24 GiB, 2 threads\./)
  assert.match(section, /Measured with tsinfer 1, a 1, b 1\.$/)
})

test('reports of two machines make none', () => {
  assert.throws(
    () => readmeSection([report('20.1.0', []), report('20.1.0', [], 'Another')]),
    (error: unknown) =>
      error instanceof TsinferError && /one machine, found A processor.* and Another/.test(error.message),
  )
})

test('only what is between the marks changes', () => {
  const readme = 'before\n<!-- bench:peers -->\nold\n<!-- /bench:peers -->\nafter\n'
  assert.is(withSection(readme, 'new'), 'before\n<!-- bench:peers -->\nnew\n<!-- /bench:peers -->\nafter\n')
  assert.throws(() => withSection('none', 'new'), /expected <!-- bench:peers -->/)
})

test.run()
