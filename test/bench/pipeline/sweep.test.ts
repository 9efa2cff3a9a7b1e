// Random settings: what the sweep measures is what it says.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compare } from '../../../bench/pipeline/compare.ts'
import { drawSetting } from '../../../bench/pipeline/random-setting.ts'

test('a setting is the same whenever it is drawn, and rows take no longer together than alone', () => {
  assert.is(drawSetting(17).name, drawSetting(17).name)
  assert.is.not(drawSetting(17).name, drawSetting(18).name)
  for (let index = 0; index < 200; index++) {
    const { name, stageMs, rowsMax, stages } = drawSetting(index)
    assert.ok(stages >= 1 && stages <= 8 && rowsMax >= 1 && rowsMax <= 8, name)
    for (let rows = 2; rows <= rowsMax; rows++) {
      assert.ok(stageMs(rows) >= stageMs(rows - 1) && stageMs(rows) <= stageMs(rows - 1) + stageMs(1) + 1e-9, name)
    }
  }
})

test('nobody is faster than the bound, and auto is near the best of the others', () => {
  for (let index = 0; index < 60; index++) {
    const setting = { ...drawSetting(index), jitter: 0 }
    const { plain, sync, pipe, auto, bound } = compare(setting, 400)
    for (const tokS of [plain, sync, pipe, auto]) assert.ok(tokS <= 1.001 * bound, `${index}: ${tokS} of ${bound}`)
    const best = Math.max(plain, sync, pipe)
    assert.ok(auto >= 0.85 * best, `${index}: ${auto} of ${best}, ${setting.name}`)
  }
})

test.run()
