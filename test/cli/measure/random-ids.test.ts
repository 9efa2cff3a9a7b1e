import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomIds } from '../../../cli/measure/random-ids.ts'

test('ids of the vocabulary, the same in every run', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.integer({ min: 1, max: 300_000 }), fc.nat(1000), (count, vocabulary, seed) => {
      const ids = randomIds(count, vocabulary, seed)
      assert.is(ids.length, count)
      assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < vocabulary))
      assert.equal(ids, randomIds(count, vocabulary, seed))
    }),
  )
  assert.equal(randomIds(9, 32000), randomIds(9, 32000, 1))
})

test('prompts of seeds side by side begin differently', () => {
  for (let seed = 0; seed < 1000; seed++) assert.is.not(randomIds(1, 512, seed)[0], randomIds(1, 512, seed + 1)[0])
})

test.run()
