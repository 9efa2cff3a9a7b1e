// Virtual stages that only take the time of a setting.
import type { MicroBatchNumber, Submission } from '../../engine/domain.ts'
import type { ResultRow, Returned } from '../../engine/pipeline/pipeline.ts'
import { groupsMask } from '../../engine/wire/codec.ts'
import { aliveRows, jitterFactor } from './script.ts'
import type { PipelineSetting } from './setting.ts'
import { groupRowsOf, type StageWork, type Travel } from './virtual-pipeline.ts'

export class TimedWork implements StageWork<Travel, Returned> {
  readonly #setting: PipelineSetting
  readonly passed: (number: MicroBatchNumber) => void

  constructor(setting: PipelineSetting, passed: (number: MicroBatchNumber) => void) {
    this.#setting = setting
    this.passed = passed
  }

  get hop(): number {
    return this.#setting.hopMs
  }

  enter({ microBatch }: Submission): Travel {
    const groupRows = groupRowsOf(microBatch)
    return { number: microBatch.number, groupRows, alive: groupsMask(groupRows.length) }
  }

  begin(travel: Travel, stage: number): number {
    const { headerMs, stageMs } = this.#setting
    if (travel.alive === 0) return headerMs
    return stageMs(aliveRows(travel.groupRows, travel.alive)) * jitterFactor(this.#setting, stage, travel.number ?? 0)
  }

  end(): void {}

  /** A stage that works on nothing else any more stops at its next look. */
  stopAfter(worked: number): number {
    const { sliceMs } = this.#setting
    return Math.ceil(worked / sliceMs) * sliceMs
  }

  result(_travel: Travel, number: MicroBatchNumber): Returned {
    return { number, faults: 0, stoppedUs: 0, stageUs: () => 0, has: () => true, nanCount: () => 0, row: () => NO_ROW }
  }

  map(): void {}
}

/** The driver knows what the text is. */
const NO_ROW: ResultRow = {
  ...{ ids: new Int32Array(0), logits: new Float32Array(0), logsumexp: 0, count: 0 },
  full: () => new Float32Array(0),
}
