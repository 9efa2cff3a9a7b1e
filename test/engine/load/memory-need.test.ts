// The forecast adds up, and follows the plan. That it is right is what `bench memory` measures.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inspectModel } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')

async function need(options: Parameters<typeof inspectModel>[1]) {
  const { memory, plan } = await inspectModel(MODEL, options)
  if (memory === undefined || plan === undefined) throw new Error('expected a model that runs')
  return { ...memory, plannedBytes: plan.stages.reduce((sum, stage) => sum + stage.memoryBytes, 0) }
}

test('the whole is the sum of its parts, and no more of the stages than they are given', async () => {
  const found = await need({ stages: 2, lanes: 3 })
  const { weightBytes, contextBytes, scratchBytes, threadBytes, processBytes, totalBytes, plannedBytes } = found
  assert.is(weightBytes + contextBytes + scratchBytes + threadBytes + processBytes, totalBytes)
  for (const part of [weightBytes, contextBytes, scratchBytes, threadBytes, processBytes]) assert.ok(part > 0)
  assert.ok(weightBytes + contextBytes + scratchBytes < plannedBytes, 'most logits are not written by one text')
})

test('cells for more texts take nothing before there are such texts', async () => {
  const [one, eight] = [await need({ context: 256, kvCells: 256 }), await need({ context: 256, kvCells: 2048 })]
  assert.is(eight.contextBytes, one.contextBytes)
  assert.ok(eight.plannedBytes >= one.plannedBytes + 7 * one.contextBytes)
})

test('a longer context, more threads: more', async () => {
  const [small, long, wide] = [await need({ context: 128 }), await need({ context: 256 }), await need({ lanes: 4 })]
  assert.is(long.contextBytes, 2 * small.contextBytes)
  assert.ok(wide.threadBytes > small.threadBytes)
})

test.run()
