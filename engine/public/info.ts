// What a loaded model says of itself. Types only.
import type { SamplingNumbers } from './generation.ts'
import type { KvType } from './loading.ts'

/** How a model is laid over threads and memories. */
export interface PlanInfo {
  /** One line for people. */
  readonly text: string
  readonly stages: readonly StageInfo[]
  /** Lanes per stage. */
  readonly lanes: number
  readonly contextLength: number
  readonly chunkRows: number
  /** How often a lane looks again before it parks at a barrier. */
  readonly barrierSpins: number
  /** Sequences that can run side by side. */
  readonly sequences: number
  /** Positions that all of them can have together, with what is kept for others. */
  readonly kvCells: number
  /** Bytes of a KV cell in all layers. */
  readonly kvCellBytes: number
  readonly kvTypeK: KvType
  readonly kvTypeV: KvType
  /** Weight types without products of their own: their weights are dequantized again for every product. */
  readonly genericTypes: readonly string[]
  /** Weight bytes that one decoded token reads. */
  readonly weightBytesPerToken: number
}

export interface StageInfo {
  readonly layerFirst: number
  readonly layerCount: number
  /** Bytes of the stage's whole memory, weights included. */
  readonly memoryBytes: number
  readonly weightBytes: number
  readonly kvBytes: number
}

export interface ModelInfo {
  readonly path: string
  readonly architecture: string
  readonly name: string | undefined
  /** Positions of a sequence, as loaded. */
  readonly contextLength: number
  /** Positions the model was trained for. */
  readonly contextLengthTrained: number
  readonly vocabularySize: number
  readonly parameterCount: number
  /** Bytes of all tensors in the file. */
  readonly fileBytes: number
  /** The tensor type most of the weights have. */
  readonly weightType: string
  readonly plan: PlanInfo
  /** Which build of the kernels runs. */
  readonly kernels: string
  /** What micro-batches of so many rows take, as measured when the model was loaded, now or earlier; see `costs`. */
  readonly steps: readonly StepInfo[]
  /** Milliseconds from the call of `loadModel` to the model. */
  readonly loadMs: number
  /** What a request samples with that does not say: the file's `general.sampling.*`, else the usual defaults. */
  readonly sampling: SamplingNumbers
}

export interface StepInfo {
  readonly rows: number
  /** Of the slowest stage, beside what it takes to read what is in the cache. */
  readonly ms: number
}

/** Totals since the model was loaded. */
export interface EngineStats {
  readonly requests: number
  readonly requestsLive: number
  readonly promptTokens: number
  readonly tokens: number
  /** KV cells that were allocated. */
  readonly kvCells: number
  readonly kept: KeptStats
}

/** Texts that stay in KV cells after those who wrote them, for requests that begin like them. */
export interface KeptStats {
  /** Those of sessions included. */
  readonly texts: number
  /** Of all of them, each that several have in common counted once: KV cells. */
  readonly tokens: number
  /** How often a request has shared a text that was kept, or that another one was at. */
  readonly hits: number
  /** Tokens that were not evaluated because of that. */
  readonly reusedTokens: number
  /** Texts given up to make room, or because there were too many. */
  readonly evictions: number
}
