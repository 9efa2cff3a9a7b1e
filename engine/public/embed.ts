// How a text becomes a vector. Types only.
import type { QueueOptions } from './queueing.ts'

/** Which of a text's tokens its embedding is made of: the mean of all, the last one, or the first. */
export type Pooling = 'mean' | 'last' | 'cls'

export interface EmbedOptions extends QueueOptions {
  /** Default: as the model's metadata says, else the mean. */
  readonly pooling?: Pooling
  /** Scale each embedding to length 1. Default true. */
  readonly normalize?: boolean
  readonly signal?: AbortSignal
}
