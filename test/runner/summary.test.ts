import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addSkips, readSkips, readSummary, skipLine, skipLines, summaryLine } from './summary.ts'

const summary = (total: number, passed: number, skipped: number): string =>
  `• • (${passed} / ${total})\n\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1.00ms\n\n`

test('reads the counts of a file', () => {
  assert.equal(readSummary(summary(3, 3, 0)), { passed: 3, failed: 0, skipped: 0 })
  assert.equal(readSummary(summary(5, 3, 2)), { passed: 3, failed: 2, skipped: 2 })
})

test('a file without summary has no counts', () => {
  assert.is(readSummary(''), undefined)
  assert.is(readSummary('  Total:     3\n  Passed:    3\n'), undefined)
})

test('the last summary counts, not one printed by a test', () => {
  assert.equal(readSummary(`${summary(9, 9, 9)}noise\n${summary(1, 0, 0)}`), { passed: 0, failed: 1, skipped: 0 })
})

test('the closing line names skipped cases only when there are some', () => {
  assert.is(summaryLine({ passed: 4, failed: 0, skipped: 0 }), '4 passed, 0 failed')
  assert.is(summaryLine({ passed: 4, failed: 1, skipped: 2 }), '4 passed, 1 failed, 2 skipped')
})

test('skips are summed with their reasons, the most frequent first', () => {
  const lines = [
    skipLine('golden: ids', 'needs ../shared'),
    skipLine('a full disk', 'needs the right to mount'),
    skipLine('more', 'needs ../shared'),
  ]
  const output = `${lines.join('\n')}\n${summary(1, 1, 4)}`
  const reasons = readSkips(output, 4)
  assert.equal(
    [...reasons],
    [
      ['needs ../shared', 2],
      ['needs the right to mount', 1],
      ['no reason given', 1],
    ],
  )
  assert.equal(skipLines(addSkips(reasons, [['needs the right to mount', 2]])), [
    '6 skipped: needs the right to mount × 3, needs ../shared × 2, no reason given × 1',
  ])
  assert.equal(skipLines(new Map()), [])
  assert.is(readSkips(output, 0).size, 0)
})

test.run()
