import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MachineFacts } from '../../bench/machine.ts'
import { type Report, reportCsv, reportJson, reportMarkdown, shownCell } from '../../bench/report.ts'

const MACHINE: MachineFacts = {
  cpu: 'A processor',
  cores: 4,
  usableCores: 2,
  memoryGib: 24,
  platform: 'linux x64',
  node: '20.0.0',
  v8: '11.3',
  commit: 'abc',
  date: '2026-01-02T03:04:05.000Z',
  loadBefore: 0.5,
}

const REPORT: Report = {
  bench: 'sums',
  about: 'Sums of things',
  options: { tokens: 3 },
  columns: { name: 'name', tokS: 'tok/s', ratio: ['ratio', 2], isGood: 'good' },
  rows: [
    { name: 'a|b', tokS: 1234.5678, ratio: 0.5, isGood: true, hidden: [1, 2] },
    { name: 'c', tokS: Number.NaN, isGood: false },
  ],
  notes: ['- A note.'],
}

test('a table for people', () => {
  assert.is(
    reportMarkdown(REPORT, MACHINE),
    [
      '**Sums of things**',
      '',
      'A processor, 2 usable cores, 24 GiB; Node 20.0.0 (V8 11.3); commit abc; 2026-01-02T03:04:05.000Z; load before 0.5',
      '',
      '| name | tok/s | ratio | good |',
      '| --- | ---: | ---: | --- |',
      '| a\\|b | 1235 | 0.50 | yes |',
      '| c | - | - | no |',
      '',
      '- A note.',
      '',
    ].join('\n'),
  )
})

test('without notes the table is the end', () => {
  assert.ok(reportMarkdown({ ...REPORT, notes: [] }, MACHINE).endsWith('| c | - | - | no |\n'))
})

test('everything for programs', () => {
  const { machine, options, rows, bench } = JSON.parse(reportJson(REPORT, MACHINE))
  assert.equal(machine, MACHINE)
  assert.equal(options, { tokens: 3 })
  assert.is(bench, 'sums')
  assert.equal(rows[0].hidden, [1, 2])
  assert.is(rows[1].tokS, null)
})

test('the table for spreadsheets', () => {
  const rows = [
    { name: 'a, "b"', tokS: 1234.5678, ratio: 0.5, isGood: true },
    { name: 'c', tokS: Number.NaN },
  ]
  assert.is(reportCsv({ ...REPORT, rows }), 'name,tokS,ratio,isGood\n"a, ""b""",1234.5678,0.5,true\nc,,,\n')
})

test('three significant digits', () => {
  const shown = [0, 7, 0.001234, 0.1234, 1.234, 12.34, 123.4, 12345.6].map((value) => shownCell(value))
  assert.equal(shown, ['0', '7', '0.00123', '0.123', '1.23', '12.3', '123', '12346'])
  assert.equal([shownCell(-1.234), shownCell(undefined), shownCell('x'), shownCell(2, 1)], ['-1.23', '-', 'x', '2.0'])
})

test.run()
