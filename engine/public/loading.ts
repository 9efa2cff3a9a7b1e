// How a model is loaded. Types only.

/** Element type of the KV cells. */
export type KvType = 'f32' | 'f16' | 'q8_0'
/** Builds of the kernels with the same results, see kernels-as/. */
export type KernelBuild = 'plain' | 'relaxed' | 'relaxed-dot'

export interface LoadOptions {
  /** Positions per sequence; 0 = the model's own. Default: the smallest of the model's, 4096 and what fits one stage. */
  readonly context?: number
  /** Cores to use in all. Default: what the machine and its cgroup quota allow. */
  readonly threads?: number
  readonly stages?: number
  /** Lanes per stage. */
  readonly lanes?: number
  /** Rows of a prefill chunk. */
  readonly chunkRows?: number
  /**
   * By what factor the evaluation of prompts may lengthen the steps of requests that are being generated: prompts keep about
   * 1 - 1 / gapFactor of their speed beside them. Default 2.
   */
  readonly gapFactor?: number
  /** How often a lane looks again before it parks at a barrier. Default: about 20 microseconds. */
  readonly barrierSpins?: number
  /**
   * A folder in which `tsinfer bench --tune` kept lanes, chunkRows and barrierSpins for this machine and model. They are
   * used where neither threads, stages, lanes nor a draft model are given. Nothing is written.
   */
  readonly tuning?: string | URL
  /**
   * A file that keeps what micro-batches of so many rows take on this machine, by model and plan. What is not there is
   * measured when a model is loaded, for some tenths of a second, and added to it; a file that cannot be read or written
   * is done without. Default: every load measures.
   */
  readonly costs?: string | URL
  /** Default: f32 where the K and V projections are F32, else f16. */
  readonly kvTypeK?: KvType
  readonly kvTypeV?: KvType
  readonly kernels?: 'auto' | KernelBuild
  /**
   * KV cells, each for a position of any request: what requests under way and the beginnings kept for others have together. Up
   * to 32 sequences and more run side by side as far as cells allow; when there are none, one pauses. At least one context;
   * they take memory when they are first used. Default: four contexts, or what a quarter of the free memory holds where that
   * is less, and what fits the stages.
   */
  readonly kvCells?: number
  /**
   * Requests that may wait for their turn; one more is refused with `queue_full`. Those that have begun do not count, and one that
   * is aborted makes room at once. Default 1024.
   */
  readonly queueMax?: number
  /** Sequences of full length that there are KV cells for; above 32 so many run side by side. `kvCells` says it otherwise. */
  readonly sequences?: number
  /** A GGUF file with a smaller model of the same vocabulary, which drafts for requests that speculate. */
  readonly draftModel?: string | URL
  /** Cores that only the draft model uses, of all. Default: none, it shares them with the target. */
  readonly draftThreads?: number
  /** Pipeline stages of the draft model. Default: as few as it fits. */
  readonly draftStages?: number
  /** Overrides the pre-tokenizer that the file names (`tokenizer.ggml.pre`). */
  readonly tokenizerPre?: string
  /**
   * Allows setting V8 flags: relaxed SIMD on Node 20; 256-bit code from Node 24 on, after a trial. They act on the whole
   * process. Default false.
   */
  readonly experimentalV8?: boolean
  /**
   * A file for a trace of everything the model's threads do: JSON that ui.perfetto.dev opens. Whether it can be
   * written is tried when the model is loaded; it is written when it is closed; of very long ones the end.
   */
  readonly trace?: string | URL
  readonly signal?: AbortSignal
  /**
   * Called with a line about what is done in place of what was asked or what the file says: a tuning that cannot be used,
   * a chat without a template. While the model is loaded and, where requests bring news, later; each line once.
   */
  readonly onNotice?: (notice: string) => void
  /** Called with 0..1 while the weights are read. */
  readonly onProgress?: (fraction: number) => void
}

/** Options of a vocabulary without a model. */
export type TextOptions = Pick<LoadOptions, 'tokenizerPre' | 'onNotice'>

/** What is tuned: options of `loadModel`. */
export type Tuning = Required<Pick<LoadOptions, 'lanes' | 'chunkRows' | 'barrierSpins'>>
