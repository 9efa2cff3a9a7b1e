// A short soak: what `bench soak` checks over ten thousand tokens.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Soak } from '../../../bench/stress/soak.ts'
import { repositoryPath } from '../../shared.ts'

test('requests that speculate and are aborted at random leave nothing behind', async () => {
  const [model, drafter] = ['stories260K', 'stories75K-draft'].map((name) => repositoryPath(`cli/models/${name}.gguf`))
  for (const seed of [1, 2]) {
    await using soak = await Soak.start(model!, drafter!, seed)
    for (let round = 0; round < 2; round++) {
      const { tokens, aborted, accepted } = await soak.round(400)
      assert.ok(
        tokens >= 400 && aborted > 0 && accepted > 0,
        `${tokens} tokens, ${aborted} aborted, ${accepted} accepted`,
      )
    }
  }
})

test.run()
