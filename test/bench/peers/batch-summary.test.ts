import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { batchFigures } from '../../../bench/peers/batch-summary.ts'
import type { BatchTimes } from '../../../bench/peers/protocol.ts'

/** Steps of 100 ms, and a request that begins a step later than the others. */
const times = (stages?: BatchTimes['stages']): BatchTimes => ({
  firstMs: [500, 1000],
  arrivalsMs: [
    [100, 200, 300, 400],
    [200, 300, 400, 500],
  ],
  ...(stages && { stages }),
})

test('speeds of all together, while all are under way', () => {
  const figures = batchFigures({ requests: 2, prompt: 50 }, [times()])
  assert.is(figures.promptTokS, 100)
  assert.equal([figures.firstMsP50, figures.firstMsMax], [750, 1000])
  assert.is(figures.tokS, 20)
  assert.equal([figures.gapMsP50, figures.gapMsP95], [100, 100])
  assert.is(figures.ofPrompt, 0.2)
  assert.ok(Number.isNaN(figures.ofPossible), 'an engine that tells nothing of its stages')
})

test('what is possible: full micro-batches all the time', () => {
  const share = (requests: number, stages: NonNullable<BatchTimes['stages']>) =>
    batchFigures({ requests, prompt: 1 }, [times(stages)]).ofPossible
  assert.is(share(8, { count: 1, busyShare: 0.9, rows: 8 }), 0.9)
  // Two micro-batches where one would do.
  assert.is(share(8, { count: 1, busyShare: 1, rows: 4 }), 0.5)
  // One for each stage.
  assert.is(share(8, { count: 2, busyShare: 1, rows: 4 }), 1)
  // No micro-batch has more rows.
  assert.is(share(64, { count: 1, busyShare: 1, rows: 32 }), 1)
  // The first tokens of a text share its later runs.
  assert.is(share(8, { count: 1, busyShare: 1, rows: 8.2 }), 1)
})

test('medians over rounds', () => {
  const slow = { ...times(), firstMs: [4000, 4000] }
  const { promptTokS, ofPrompt } = batchFigures({ requests: 2, prompt: 50 }, [times(), slow, slow])
  assert.equal([promptTokS, ofPrompt], [25, 0.8])
})

test.run()
