// Every architecture gives the same bits for any stages, lanes, chunks and kernels.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ForgedType } from '../../bench/forge/quantize.ts'
import { RECIPES } from '../../bench/forge/recipes.ts'
import { isMixture } from '../../bench/record/parity-cases.ts'
import { behaviour } from './behaviour.ts'
import { forged } from './forged-model.ts'

/** Longer than the recipes' windows. */
const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const TOKENS = 8

for (const name of Object.keys(RECIPES)) {
  const types: readonly ForgedType[] = isMixture(name) ? ['F16', 'Q4_K'] : [name.length % 2 === 0 ? 'Q8_0' : 'Q4_K']
  for (const type of types) {
    test(`${name} in ${type}: the same bits for any stages, lanes, chunks and kernels`, async () => {
      const path = forged(name, type)
      const expected = await behaviour(path, PROMPT, TOKENS, { stages: 1, lanes: 1, chunkRows: 64 }, 'plain')
      assert.is(expected.bits.length, PROMPT.length + TOKENS)
      for (const [stages, lanes, chunkRows, build] of [
        [1, 2, 1, 'relaxed'],
        [2, 1, 7, 'plain'],
        [2, 3, 64, 'relaxed'],
      ] as const) {
        const found = await behaviour(path, PROMPT, TOKENS, { stages, lanes, chunkRows }, build)
        assert.equal(found, expected, `${stages} stages, ${lanes} lanes, chunks of ${chunkRows}, ${build}`)
      }
    })
  }
}

test.run()
