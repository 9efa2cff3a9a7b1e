// What is told of a model file that is not run. Types only; index.ts re-exports all of it.
import type { PlanInfo } from './info.ts'

/** What a valid GGUF file holds and whether it can run here; nothing but headers is read. */
export interface Inspection {
  readonly path: string
  readonly version: number
  /** Shards of the set. */
  readonly files: number
  readonly metadata: readonly MetadataEntry[]
  readonly tensorCount: number
  readonly parameterCount: number
  readonly tensorBytes: number
  /** Most bytes first. */
  readonly tensorTypes: readonly TensorTypeSummary[]
  readonly architecture: string | undefined
  readonly runnable: boolean
  /** Why it is not runnable. */
  readonly reason: string | undefined
  /** How it would be loaded; absent when it is not runnable. */
  readonly plan: PlanInfo | undefined
  /** What this process would take with it; absent when it is not runnable. */
  readonly memory: MemoryNeed | undefined
}

/**
 * What a process takes of the machine's memory once it has loaded a model and filled one context. Further texts side by
 * side take more, up to `memoryBytes` of the plan's stages.
 */
export interface MemoryNeed {
  readonly weightBytes: number
  /** KV cells of one context. */
  readonly contextBytes: number
  /** Activations, logits, tables: the rest of the stages' memories. */
  readonly scratchBytes: number
  /** Threads, their heaps and the vocabulary: an estimate. */
  readonly threadBytes: number
  /** What the process takes already. */
  readonly processBytes: number
  /** All of these. */
  readonly totalBytes: number
}

export interface MetadataEntry {
  readonly key: string
  /** GGUF's name, e.g. `u32` or `array of string`. */
  readonly type: string
  /** Of an array the first elements only. */
  readonly value: MetadataScalar | readonly MetadataScalar[]
  /** Elements of an array. */
  readonly length?: number
}

export type MetadataScalar = string | number | bigint | boolean

export interface TensorTypeSummary {
  readonly type: string
  readonly tensors: number
  readonly bytes: number
  /** Set where weights of this type are dequantized again for every product. */
  readonly generic?: true
}
