// What the cost model hears of micro-batches.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StepWatcher } from '../../../engine/conductor/step-watcher.ts'
import type { MicroBatchNumber, Submission } from '../../../engine/domain.ts'
import type { Returned } from '../../../engine/pipeline/pipeline.ts'
import { CostModel } from '../../../engine/speculation/costs/cost-model.ts'

function watched() {
  const heard: unknown[] = []
  const model = new CostModel(2, 0)
  model.note = (rows, positions, stageUs) => heard.push([rows, positions, ...Array.from(stageUs)])
  const watcher = new StepWatcher(model, 2)
  const submit = (number: number, positions: readonly number[]) =>
    watcher.submitted({
      microBatch: { number, rows: positions.map((position) => ({ position })) },
    } as unknown as Submission)
  const returned = (number: number) =>
    watcher.returned({ number, stageUs: (stage: number) => 10 * number + stage } as unknown as Returned)
  return { heard, watcher, submit, returned }
}

test('rows, positions that they read, and times of every stage', () => {
  const { heard, submit, returned } = watched()
  submit(300, [0, 41, 7])
  submit(301, [100])
  returned(300)
  returned(301)
  assert.equal(heard, [
    [3, 51, 3000, 3001],
    [1, 101, 3010, 3011],
  ])
})

test('of a micro-batch that was withdrawn in part nothing is learned', () => {
  const { heard, watcher, submit, returned } = watched()
  submit(0, [0, 1])
  submit(1, [5])
  watcher.cancelled(0 as MicroBatchNumber)
  returned(0)
  returned(1)
  assert.equal(heard, [[1, 6, 10, 11]])
})

test.run()
