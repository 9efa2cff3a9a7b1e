import { test } from 'uvu'
import { createRandom } from '../../bench/forge/random.ts'
import { runMixes } from './request-mixes.ts'

for (const stages of [1, 3]) {
  test(`${stages} stages: in random mixes of requests every text is that of its request alone`, async () => {
    await runMixes(createRandom(stages), 12, stages)
  })
}

test.run()
