// What the bench and the process of an engine say to each other. Plain data only.
import type { TimedGeneration } from '../generation.ts'

export interface LoadTask {
  readonly kind: 'load'
  readonly path: string
  /** Ids of prompts are drawn from this many. */
  readonly vocabularySize: number
  /** Positions of a text. */
  readonly context: number
  /** Texts of full length at once. */
  readonly sequences: number
  readonly threads: number
  /** Whether an engine that can may map the file instead of reading it. */
  readonly mayMap: boolean
}

export interface GenerateTask {
  readonly kind: 'generate'
  /** Tokens of the prompt, read from an empty context. */
  readonly prompt: number
  /** Tokens to generate, at least one: the end of the prompt is known by the first. */
  readonly tokens: number
  /** Repeats until this much time was measured. */
  readonly leastMs: number
}

/** Requests side by side, each with a prompt of its own. */
export interface BatchTask {
  readonly kind: 'batch'
  readonly requests: number
  /** Tokens of each prompt. */
  readonly prompt: number
  /** Tokens to generate behind each. */
  readonly tokens: number
}

export type Task = LoadTask | GenerateTask | BatchTask | { readonly kind: 'warmUp' }

export interface Loaded {
  readonly kind: 'loaded'
  readonly loadMs: number
  /** The engine and its version. */
  readonly version: string
  /** What it chose, in one line. */
  readonly settings: string
  /** Of its process. */
  readonly node: string
}

export interface Generated {
  readonly kind: 'generated'
  readonly generations: readonly TimedGeneration[]
  /** How long the process had nothing to do before this task, and the processor time it used meanwhile. */
  readonly idleMs: number
  readonly idleCpuMs: number
  readonly peakBytes: number
}

/** What requests side by side took, by request. */
export interface BatchTimes {
  /** All prompts at once: from the submission to each first token. */
  readonly firstMs: readonly number[]
  /** Then all texts go on at once: when each had its tokens. */
  readonly arrivalsMs: readonly (readonly number[])[]
  /** Of an engine that tells: what its stages did meanwhile. */
  readonly stages?: StageWork
}

export interface StageWork {
  readonly count: number
  /** Share of the time they computed, on average. */
  readonly busyShare: number
  /** Tokens of a micro-batch. */
  readonly rows: number
}

export interface Batched extends BatchTimes {
  readonly kind: 'batched'
}

export type Answer =
  | Loaded
  | Batched
  | Generated
  | { readonly kind: 'warm' }
  | { readonly kind: 'failed'; readonly message: string }
