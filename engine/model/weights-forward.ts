// What a lane of a real model computes with: kernels bound to its stage's memory, over weights it has helped to load. This
// is the module that a stage worker loads unless it is told another one.

import { type FileSource, reopenFile } from '../gguf/file-source.ts'
import type { FileIdentity } from '../gguf/source.ts'
import type { ModelConfig } from './config/model-config.ts'
import type { RopeFrequencies } from './config/rope-frequencies.ts'
import { StageForward } from './forward.ts'
import { instantiateKernels, type KernelModule, type Kernels, type StageMemory } from './kernels.ts'
import type { LaneForward, LaneSync } from './lane.ts'
import type { StageLayout } from './memory/layout.ts'
import { loadWeights } from './memory/load.ts'

/** What a lane computes with is made from this. */
export interface ForwardParts {
  /** 0 leads. */
  readonly lane: number
  readonly lanes: number
  readonly config: ModelConfig
  readonly layout: StageLayout
  readonly module: KernelModule
  readonly memory: StageMemory
  readonly shards: readonly FileIdentity[]
  /** For each rotation of the model. */
  readonly ropes: readonly RopeFrequencies[]
  readonly sync: LaneSync
  /** Called with the weight bytes just loaded; throws to stop. */
  readonly onBytes: (bytes: number) => void
  /** `ForwardSource.settings`. */
  readonly settings: unknown
}

/** A module that stage workers load, and what it is told. */
export interface ForwardSource {
  readonly href: string
  /** Plain data. */
  readonly settings: unknown
}

/** What such a module exports as `createForward`. All lanes of a stage have returned from it before any computes. */
export type CreateForward = (parts: ForwardParts) => LaneForward

export const createForward: CreateForward = (parts) => {
  const { lane, lanes, config, layout, memory, sync, ropes } = parts
  const kernels = instantiateKernels(parts.module, memory)
  load(parts, kernels)
  const words = new Int32Array(memory.buffer)
  const ropeMagnitudes = ropes.map(({ magnitude }) => magnitude)
  return new StageForward({ index: lane, count: lanes, config, ropeMagnitudes, layout, kernels, sync, words })
}

function load({ layout, memory, lane, lanes, ropes, onBytes, ...parts }: ForwardParts, kernels: Kernels): void {
  const shards: FileSource[] = parts.shards.map(reopenFile)
  try {
    const { buffer } = memory
    loadWeights({ layout, kernels, buffer, lane, lanes, shards, ropes, onBytes })
    for (const shard of shards) shard.checkUnchanged()
  } finally {
    for (const shard of shards) shard.close()
  }
}
