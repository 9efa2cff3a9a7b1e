// What a process will take once it has loaded a model and filled one context. A page that nobody has written takes nothing:
// of the KV cells those of one context count, of the logits those of one row. Pure.
import { RESULT_SLOTS } from '../model/memory/layout.ts'
import type { ModelPlan } from '../model/memory/plan.ts'
import type { StageInfo } from '../public/info.ts'
import type { MemoryNeed } from '../public/inspection.ts'

/** Where a model would be loaded. */
export interface Surroundings {
  /** Usable ones. */
  readonly cores: number
  readonly nodeMajor: number
  /** What the process takes already. */
  readonly processBytes: number
}

/**
 * What a lane takes with its compiled kernels, and what the conductor, the thread for texts and all heaps take that requests
 * leave something on. V8's isolates have grown once; measured with Node 20, and with 22, 24 and 26.
 */
const ISOLATES_NODE_20 = { laneBytes: 12.5e6, otherBytes: 34e6 }
const ISOLATES = { laneBytes: 17e6, otherBytes: 43e6 }
/** Of a token in the vocabulary of the thread for texts and in the tables made of it. */
const TOKEN_BYTES = 100

/** `infos`: of the plan's stages. */
export function memoryNeed(
  { sizes, stages }: ModelPlan,
  infos: readonly StageInfo[],
  vocabularySize: number,
  { nodeMajor, processBytes }: Surroundings,
): MemoryNeed {
  const weightBytes = sum(infos.map((stage) => stage.weightBytes))
  const kvBytes = sum(infos.map((stage) => stage.kvBytes))
  const contextBytes = Math.round(kvBytes * Math.min(1, sizes.contextLength / sizes.cells))
  const unusedLogitsBytes = (stages.at(-1)!.results?.logitsRow ?? 0) * (sizes.headRowsMax - 1) * RESULT_SLOTS
  const scratchBytes = sum(infos.map(({ memoryBytes }) => memoryBytes)) - weightBytes - kvBytes - unusedLogitsBytes
  const { laneBytes, otherBytes } = nodeMajor <= 20 ? ISOLATES_NODE_20 : ISOLATES
  const threadBytes = otherBytes + laneBytes * stages.length * sizes.lanes + TOKEN_BYTES * vocabularySize
  const totalBytes = weightBytes + contextBytes + scratchBytes + threadBytes + processBytes
  return { weightBytes, contextBytes, scratchBytes, threadBytes, processBytes, totalBytes }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
