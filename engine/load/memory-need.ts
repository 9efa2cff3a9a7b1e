// What a process will take once it has loaded a model and filled one context. A page that nobody has written takes nothing:
// of the KV cells those of one context count, of the logits those of one row. Pure.
import { RESULT_SLOTS } from '../model/memory/layout.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import type { StageInfo } from '../public/info.ts'
import type { MemoryNeed } from '../public/inspection.ts'

/** Of the conductor and of the thread for texts, with what requests leave on the heaps; measured over Node 20 to 26. */
const THREADS_BYTES = 44e6
/** Of a lane: its thread, its kernels compiled. */
const LANE_BYTES = 12e6
/** Of a token in the vocabulary of the thread for texts and in the tables made of it. */
const TOKEN_BYTES = 100

/** `infos`: of the plan's stages. `processBytes`: what the process takes already. */
export function memoryNeed(
  { sizes, stages }: ModelPlan,
  infos: readonly StageInfo[],
  vocabularySize: number,
  processBytes: number,
): MemoryNeed {
  const weightBytes = sum(infos.map((stage) => stage.weightBytes))
  const kvBytes = sum(infos.map((stage) => stage.kvBytes))
  const contextBytes = Math.round(kvBytes * Math.min(1, sizes.contextLength / sizes.cells))
  const unusedLogitsBytes = (stages.at(-1)!.results?.logitsRow ?? 0) * (sizes.headRowsMax - 1) * RESULT_SLOTS
  const scratchBytes = sum(infos.map(({ memoryBytes }) => memoryBytes)) - weightBytes - kvBytes - unusedLogitsBytes
  const threadBytes = THREADS_BYTES + LANE_BYTES * stages.length * sizes.lanes + TOKEN_BYTES * vocabularySize
  const totalBytes = weightBytes + contextBytes + scratchBytes + threadBytes + processBytes
  return { weightBytes, contextBytes, scratchBytes, threadBytes, processBytes, totalBytes }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
