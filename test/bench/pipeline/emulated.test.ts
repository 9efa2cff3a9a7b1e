// The emulation on real threads: the text is the script's, and where nothing depends on who is faster, so are the figures.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eager } from '../../../bench/pipeline/compare.ts'
import { EmulatedPipeline } from '../../../bench/pipeline/emulated.ts'
import type { PipelineSetting } from '../../../bench/pipeline/setting.ts'
import { runVirtual } from '../../../bench/pipeline/virtual-run.ts'

const TOKENS = 40
const SETTING: PipelineSetting = {
  stages: 3,
  stageMs: (rows) => 1 + rows / 4,
  hopMs: 0.5,
  rowsMax: 3,
  sliceMs: 0.25,
  headerMs: 0.02,
  draftMs: 0.5,
  accuracy: 0.7,
  jitter: 0.3,
}

test('sync drafts and accepts on real threads what it does on the virtual clock', async () => {
  await using emulated = await EmulatedPipeline.start(SETTING, TOKENS)
  for (const nMax of [1, 4, 9]) {
    const draft = eager('sync', nMax)
    const { drafted, accepted, rejections } = (await emulated.run(draft, TOKENS)).drafts
    const { drafts } = runVirtual(SETTING, draft, TOKENS)
    assert.equal([drafted, accepted, rejections], [drafts.drafted, drafts.accepted, drafts.rejections], `${nMax}`)
  }
})

test('pipe stops what it cancels, and its figures add up', async () => {
  await using emulated = await EmulatedPipeline.start({ ...SETTING, stageMs: () => 3 }, TOKENS)
  const { drafts, utilisation, stopMsP50 } = await emulated.run(eager('pipe', 3), TOKENS)
  const { drafted, accepted, cancelled, wasted } = drafts
  assert.is(drafted, accepted + cancelled + wasted)
  assert.ok(accepted > 0 && cancelled > 0, JSON.stringify(drafts))
  assert.ok(stopMsP50 >= 0)
  assert.ok(utilisation > 0 && utilisation < 1)
})

test('plain decoding does without the drafter', async () => {
  await using emulated = await EmulatedPipeline.start(SETTING, TOKENS)
  const { drafts, utilisation } = await emulated.run(undefined, TOKENS)
  assert.is(drafts.drafted, 0)
  // One stage of three at a time, and hops between them.
  assert.ok(utilisation < 0.34)
})

test.run()
