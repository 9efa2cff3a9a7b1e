// A short soak: what `bench soak` checks over ten thousand tokens.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { Soak } from '../../../bench/stress/soak.ts'
import { repositoryPath } from '../../shared.ts'

test('requests that speculate and are aborted at random leave nothing behind', async () => {
  const [model, drafter] = ['stories260K', 'stories75K-draft'].map((name) => repositoryPath(`cli/models/${name}.gguf`))
  for (const places of [3, 8]) {
    await using soak = await Soak.start(model!, drafter!, places)
    const random = createRandom(places)
    for (let round = 0; round < 2; round++) {
      const { tokens, aborted, accepted } = await soak.round(400, random)
      assert.ok(
        tokens >= 400 && aborted > 0 && accepted > 0,
        `${tokens} tokens, ${aborted} aborted, ${accepted} accepted`,
      )
    }
  }
})

test.run()
