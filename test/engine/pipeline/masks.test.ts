import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controlLayout, createControl, MASK_ENTRIES } from '../../../engine/pipeline/control.ts'
import { ALL_ALIVE, armMask, clearMask, readMask } from '../../../engine/pipeline/masks.ts'

function newMasks() {
  const layout = controlLayout(2)
  return { words: createControl(layout), masks: layout.masks }
}

test('clearing takes only the named groups of the named micro-batch', () => {
  const { words, masks } = newMasks()
  armMask(words, masks, 7, 0b1111)
  armMask(words, masks, 8, 0b1111)
  clearMask(words, masks, 7, 0b0110)
  assert.is(readMask(words, masks, 7), 0b1001)
  assert.is(readMask(words, masks, 8), 0b1111)
  clearMask(words, masks, 7, ALL_ALIVE)
  assert.is(readMask(words, masks, 7), 0)
})

test('a stamp that is not the number reads as dead and is not cleared', () => {
  const { words, masks } = newMasks()
  assert.is(readMask(words, masks, 3), 0)
  armMask(words, masks, 3, 0b11)
  armMask(words, masks, 3 + MASK_ENTRIES, 0b11)
  assert.is(readMask(words, masks, 3), 0)
  clearMask(words, masks, 3, ALL_ALIVE)
  assert.is(readMask(words, masks, 3 + MASK_ENTRIES), 0b11)
})

test('numbers beyond 32 bits keep their stamp', () => {
  const { words, masks } = newMasks()
  const number = 2 ** 32 + 5
  armMask(words, masks, number, 0b111)
  assert.is(readMask(words, masks, number), 0b111)
})

test.run()
