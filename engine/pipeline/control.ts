// The control block: one small SharedArrayBuffer of 32-bit words through which all threads of a pipeline see each
// other. This file owns its layout; every group of words has a cache line of its own so that spinning on one never
// slows another. Word indices, not addresses, are passed around.
import { assert } from '../errors.ts'
import { LANES_MAX, STAGES_MAX } from '../limits.ts'
import { LINE_WORDS } from '../wire/codec.ts'

/** Values of the state word. It only ever grows. */
const RUNNING = 0
/** Shutdown: residents return as soon as they see it. */
export const CLOSING = 1
/** A thread died: whoever waits for it must stop. */
export const DEAD = 2

/** Micro-batches whose alive masks are kept; a power of two at least as large as the number in flight. */
export const MASK_ENTRIES = 256

/** Words of one ring: counts of published and released slots. */
export interface RingWords {
  readonly published: number
  readonly released: number
}

/** Words of one stage's lane barrier. */
export interface BarrierWords {
  readonly arrived: number
  readonly generation: number
  readonly parked: number
  /** Two words, used in turn by odd and even generations. */
  readonly decisions: number
}

/** Where everything of one pipeline is in the control block. */
export interface ControlLayout {
  readonly stageCount: number
  readonly words: number
  readonly state: number
  /** Threads that have finished loading. */
  readonly ready: number
  /** Weight bytes loaded so far, in units of `PROGRESS_BYTES`. */
  readonly progress: number
  /** 1 while a message of the conductor waits in the caller's port. */
  readonly inbox: number
  readonly conductorBell: number
  /** Input ring `s` feeds stage `s`; ring `stageCount` carries results to the conductor. */
  readonly rings: readonly RingWords[]
  readonly stageBells: readonly number[]
  readonly barriers: readonly BarrierWords[]
  readonly masks: number
  /** Per stage, a word for each lane: how long it has computed; see busy.ts. */
  readonly busy: readonly number[]
}

/** Unit of the progress word. */
export const PROGRESS_BYTES = 65536

/**
 * A pipeline of `stageCount` stages; `beside` another one in the same block, with the same conductor, the words come
 * behind those of the other and what concerns all threads is shared.
 */
export function controlLayout(stageCount: number, beside?: ControlLayout): ControlLayout {
  assert(stageCount >= 1 && stageCount <= STAGES_MAX, `stage count ${stageCount}`)
  let next = beside?.words ?? 0
  const line = (lines = 1): number => {
    const at = next
    next += lines * LINE_WORDS
    return at
  }
  const ring = (): RingWords => ({ published: line(), released: line() })
  const barrier = (): BarrierWords => ({ arrived: line(), generation: line(), parked: line(), decisions: line() })
  const each = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
  const layout = {
    stageCount,
    state: beside?.state ?? line(),
    ready: beside?.ready ?? line(),
    progress: beside?.progress ?? line(),
    inbox: beside?.inbox ?? line(),
    conductorBell: beside?.conductorBell ?? line(),
    rings: each(stageCount + 1, ring),
    stageBells: each(stageCount, () => line()),
    barriers: each(stageCount, barrier),
    masks: line((MASK_ENTRIES * 2) / LINE_WORDS),
    busy: each(stageCount, () => line(LANES_MAX / LINE_WORDS)),
  }
  return { ...layout, words: next }
}

/** The words of a new pipeline, all zero. */
export function createControl(layout: ControlLayout): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(layout.words * 4))
}

/** Thrown in a thread that meets a closing or dead pipeline while it waits: it unwinds to the resident's entry. */
export class PipelineEnded extends Error {}

/** Throws `PipelineEnded` unless the pipeline is running. */
export function checkRunning(words: Int32Array, layout: ControlLayout): void {
  if (Atomics.load(words, layout.state) !== RUNNING) throw new PipelineEnded()
}

/** Moves the pipeline to `CLOSING` or `DEAD` and wakes every thread that may be parked. */
export function endPipeline(words: Int32Array, layout: ControlLayout, state: typeof CLOSING | typeof DEAD): void {
  Atomics.store(words, layout.state, state)
  const wake = (word: number) => {
    Atomics.add(words, word, 1)
    Atomics.notify(words, word, LANES_MAX)
  }
  wake(layout.conductorBell)
  for (const bell of layout.stageBells) wake(bell)
  for (const barrier of layout.barriers) wake(barrier.generation)
}
