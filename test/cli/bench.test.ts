// What bench is asked for, and what it prints.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { benchTests, checkFits, positionsOf, testName } from '../../cli/measure/tests.ts'
import { TsinferError } from '../../engine/errors.ts'
import { tsinfer } from './tsinfer.ts'

const names = (...asked: Parameters<typeof benchTests>) => benchTests(...asked).map(testName)

test('bench: tests as llama-bench names them, every length at every depth', () => {
  assert.equal(names({}), ['pp128', 'pp512', 'tg64'])
  assert.equal(names({ prompts: [0], generated: [0], pairs: [512, 128, 64, 16] }), ['pp512+tg128', 'pp64+tg16'])
  assert.equal(names({ prompts: [8], generated: [4], pairs: [8, 4], depths: [0, 32] }), [
    ...['pp8', 'tg4', 'pp8+tg4'],
    ...['pp8 @ d32', 'tg4 @ d32', 'pp8+tg4 @ d32'],
  ])
  assert.equal(names({ prompts: [], generated: [], pairs: [0, 0] }), [])
})

test('bench: what does not fit is refused, what just fits is not', () => {
  const [long] = benchTests({ prompts: [100], generated: [], depths: [20] })
  assert.is(positionsOf(long!), 121)
  checkFits([long!], 121)
  assert.throws(
    () => checkFits([long!], 120),
    (error: unknown) =>
      error instanceof TsinferError && error.code === 'prompt_too_long' && /120, found pp100 @ d20/.test(error.message),
  )
})

test('bench -o jsonl: a line per row; -pg, -d and -t as in llama-bench', async () => {
  const words = ['bench', '-p', '8', '-n', '4', '-pg', '8,4', '-d', '0,16', '-t', '1,2', '-r', '2', '-o', 'jsonl']
  const { code, stdout, stderr } = await tsinfer(words)
  assert.is(code, 0, stderr)
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const each = ['pp8', 'tg4', 'pp8+tg4', 'pp8 @ d16', 'tg4 @ d16', 'pp8+tg4 @ d16']
  assert.equal(
    rows.map((row) => row.test),
    [...each, ...each],
  )
  assert.equal([...new Set(rows.map(({ n_depth: depth }) => depth))], [0, 16])
  assert.is(rows[0].n_threads, 1)
  for (const row of rows) {
    assert.ok(row.tok_s > 0 && row.tok_s_best >= row.tok_s, row.test)
    // Of two repetitions the best is as far above the mean as the mean deviation.
    assert.ok(Math.abs(row.tok_s_best - row.tok_s - row.tok_s_sd / Math.SQRT2) < 1e-6 * row.tok_s, row.test)
  }
})

test.run()
