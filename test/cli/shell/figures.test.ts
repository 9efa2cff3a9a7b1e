import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { csvHeader, csvRow, markdownHeader, markdownRow, summarize } from '../../../cli/measure/rows.ts'
import {
  deviation,
  listing,
  mean,
  median,
  shownBytes,
  shownCount,
  shownFigure,
  shownFloat32,
  snakeKeys,
} from '../../../cli/shell/figures.ts'
import { bar } from '../../../cli/shell/progress.ts'
import { windowsOf } from '../../../cli/shell/windows.ts'
import type { ModelInfo } from '../../../index.ts'

test('names and values', () => {
  assert.equal(snakeKeys({ itlMsP50: 1, tokS: 2, acceptancePerGuess: null }), {
    itl_ms_p50: 1,
    tok_s: 2,
    acceptance_per_guess: null,
  })
  assert.equal([shownFigure(1.23456), shownFigure(3), shownFigure(null), shownFigure('x')], ['1.23', '3', '-', 'x'])
  assert.is(listing({ a: 1, b: null }), 'a: 1\nb: -\n')
})

test('sizes', () => {
  assert.equal([0, 1023, 1536, 5 << 20, 3 * 2 ** 30].map(shownBytes), [
    '0 B',
    '1023 B',
    '1.50 KiB',
    '5.00 MiB',
    '3.00 GiB',
  ])
  assert.equal([512, 292_800, 1.24e9].map(shownCount), ['512', '293 K', '1.24 B'])
  assert.equal([Math.fround(1e-5), Math.fround(0.1), 10000, 0].map(shownFloat32), ['0.00001', '0.1', '10000', '0'])
})

test('statistics', () => {
  assert.is(mean([1, 2, 6]), 3)
  assert.is(median([5, 1, 3]), 3)
  assert.is(median([4, 1, 3, 2]), 2.5)
  assert.is(deviation([7]), 0)
  assert.is(deviation([1, 3]), Math.SQRT2)
})

test('progress bar', () => {
  assert.is(bar('loading', 0), `loading [${' '.repeat(30)}]   0 %`)
  assert.is(bar('loading', 0.5), `loading [${'#'.repeat(15)}${' '.repeat(15)}]  50 %`)
  assert.is(bar('loading', 2), `loading [${'#'.repeat(30)}] 100 %`)
})

test('windows of a text with BOS: each begins with it, no token is lost', () => {
  assert.equal(windowsOf([1, 5, 6, 7, 8, 9], [1], 3), [
    [1, 5, 6],
    [1, 7, 8],
    [1, 9],
  ])
  assert.equal(windowsOf([1, 5, 6], [1], 8), [[1, 5, 6]])
})

test('windows of a text without BOS overlap by the token before', () => {
  assert.equal(windowsOf([4, 5, 6, 7], [], 3), [
    [4, 5, 6],
    [6, 7],
  ])
  assert.equal(windowsOf([4, 5, 6, 7], [1], 2), [
    [4, 5],
    [5, 6],
    [6, 7],
  ])
})

test('windows: nothing to predict', () => {
  assert.equal(windowsOf([], [1], 4), [])
  assert.equal(windowsOf([1], [1], 4), [])
  assert.equal(windowsOf([3], [1], 4), [])
  assert.equal(windowsOf([1, 2], [1], 1), [])
})

const INFO = {
  architecture: 'llama',
  parameterCount: 1_240_000_000,
  weightType: 'Q4_0',
  fileBytes: 6e8,
  kernels: 'relaxed',
  plan: { text: '1 stage, "x"', stages: [{}], lanes: 2, weightBytesPerToken: 5e8, chunkRows: 64 },
} as unknown as ModelInfo

test('bench rows', () => {
  const measured = [
    { tokS: 10, tokSTypical: 11, acceptance: null },
    { tokS: 20, tokSTypical: 21, acceptance: 0.5 },
  ]
  const row = summarize(INFO, { promptTokens: 0, generatedTokens: 64, depth: 0 }, measured)
  assert.is(row.test, 'tg64')
  assert.equal([row.tok_s, row.tok_s_median, row.tok_s_best, row.gb_s, row.acceptance], [15, 16, 20, 7.5, 0.5])
  const prompt = summarize(INFO, { promptTokens: 100, generatedTokens: 0, depth: 0 }, measured)
  assert.is(prompt.test, 'pp100')
  // Two chunks for 100 tokens.
  assert.is(prompt.gb_s, (15 / 100) * 2 * 0.5)
  const cells = markdownRow(row).split('|').length
  assert.ok(
    markdownHeader
      .split('\n')
      .slice(0, 2)
      .every((line) => line.split('|').length === cells),
  )
  assert.ok(
    csvRow(row).startsWith(
      '"llama 1.24 B Q4_0","Q4_0",600000000,1240000000,"relaxed","1 stage, ""x""","tg64",0,64,0,2,2,15,',
    ),
  )
  assert.is(csvHeader.split(',').length, 18)
  assert.is(csvRow(row).split(',').length, csvHeader.split(',').length + 1, 'the plan has a comma')
})

test.run()
