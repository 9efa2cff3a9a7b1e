// What the bench and the process of an engine say to each other. Plain data only.
import type { TimedGeneration } from '../generation.ts'

export interface LoadTask {
  readonly kind: 'load'
  readonly path: string
  /** Ids of prompts are drawn from this many. */
  readonly vocabularySize: number
  /** Positions. */
  readonly context: number
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

export type Task = LoadTask | GenerateTask | { readonly kind: 'warmUp' }

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

export type Answer =
  | Loaded
  | Generated
  | { readonly kind: 'warm' }
  | { readonly kind: 'failed'; readonly message: string }
