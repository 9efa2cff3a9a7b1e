import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Acceptance } from '../../../../engine/speculation/auto/acceptance.ts'
import { chanceOfLast } from '../../../../engine/speculation/auto/forecast.ts'

/** A drafter with a guess at every `every`th token, which is always right. */
function rareButRight(every: number): Acceptance {
  const acceptance = new Acceptance()
  for (let at = 0; at < 400; at++) acceptance.noteToken(at % every === 0, at % every === 0)
  return acceptance
}

test('a guess is as certain as guesses were right, however rare they are', () => {
  const acceptance = rareButRight(3)
  assert.ok(acceptance.mean < 0.4)
  assert.ok(acceptance.certaintyAt('start') > 0.95, String(acceptance.certaintyAt('start')))
  const wrong = new Acceptance()
  for (let at = 0; at < 400; at++) wrong.noteToken(at % 3 === 0, false)
  assert.ok(wrong.certaintyAt('start') < 0.1, String(wrong.certaintyAt('start')))
})

test('with a guess for every token that is the chance of being right', () => {
  const acceptance = new Acceptance()
  for (let at = 0; at < 400; at++) acceptance.noteToken(true, at % 4 !== 0)
  for (const place of ['start', 'streak'] as const) {
    assert.ok(Math.abs(acceptance.certaintyAt(place) - acceptance.rightAt(place)) < 0.01)
  }
})

test('rounds reach as far as guesses are right, where there are any', () => {
  assert.ok(chanceOfLast(rareButRight(3), 8) > 0.6)
})

test.run()
