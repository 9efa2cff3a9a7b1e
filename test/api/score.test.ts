// Figures of `score` to the last bit: they are the same on every platform.
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { realExp, realLog, realPow } from '../../engine/real-math.ts'
import { loadModel } from '../../index.ts'
import { repositoryPath } from '../shared.ts'

const IDS = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 263, 403, 407, 261, 378]

const digest = (values: Float64Array): string => createHash('sha256').update(values).digest('hex').slice(0, 16)

test('public numbers: the probabilities of score have the bits that they had when these were recorded', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'))
  const probabilities: number[] = []
  for await (const { top } of model.score(IDS, { top: 64 })) probabilities.push(...top.map(([, value]) => value))
  assert.is(probabilities.length, IDS.length * 64)
  assert.is(digest(Float64Array.from(probabilities)), 'fa1810dec0c528f5')
})

test('public numbers: exp, log and pow have the bits that they had when these were recorded', () => {
  const values = new Float64Array(30_000)
  for (let i = 0; i < 10_000; i++) {
    const x = (i * 7919) % 10_007
    values[3 * i] = realExp(-x / 501)
    values[3 * i + 1] = realLog((x + 1) / 77)
    values[3 * i + 2] = realPow(10_000 + x, -i / 10_000)
  }
  assert.is(digest(values), 'e6534d2e7278e5a7')
})

test.run()
