// What the conductor measures of a pipeline as a whole, whoever's rows are in it: how long its stages computed, how many
// micro-batches were in flight, how many tokens each brought. Readings are totals; two of them give the figures between.

import type { MicroBatchNumber, Submission } from '../domain.ts'
import { busyUs } from '../pipeline/busy.ts'
import { type ControlLayout, MASK_ENTRIES } from '../pipeline/control.ts'
import type { Returned } from '../pipeline/pipeline.ts'
import { elapsedUs } from '../wire/clock.ts'
import type { Watcher } from './watched-pipeline.ts'

/** Totals at one moment. */
export interface MeterReading {
  atUs: number
  /** Per stage, the mean of its lanes. */
  readonly busyUs: Float64Array
  /** Microseconds times micro-batches in flight. */
  flightUs: number
  /** Micro-batches that are for more than prompts: each a run, or the runs of several sequences side by side. */
  runs: number
  /** Behind the first of their choices, which prompts bring. */
  tokens: number
}

export class PipelineMeter implements Watcher {
  readonly #control: Int32Array
  readonly #words: readonly number[]
  readonly #lanes: number
  /** Per lane of each stage: its word as read last. */
  readonly #seen: Float64Array
  readonly #total: MeterReading
  #inFlight = 0
  /** When a micro-batch's last row was cancelled, by its number modulo `MASK_ENTRIES`. */
  readonly #cancelledUs = new Int32Array(MASK_ENTRIES)
  readonly #onStop: (us: number) => void

  /** `onStop` hears how long a stage went on with a micro-batch after all its rows had been cancelled. */
  constructor(
    control: Int32Array,
    { busy }: ControlLayout,
    lanes: number,
    nowUs: number,
    onStop: (us: number) => void = () => {},
  ) {
    this.#onStop = onStop
    this.#control = control
    this.#words = busy
    this.#lanes = lanes
    this.#seen = new Float64Array(busy.length * lanes)
    this.#total = { ...this.newReading(), atUs: nowUs }
  }

  newReading(): MeterReading {
    return { atUs: 0, busyUs: new Float64Array(this.#words.length), flightUs: 0, runs: 0, tokens: 0 }
  }

  submitted({ purpose }: Submission, nowUs: number): void {
    this.#advance(nowUs)
    this.#inFlight++
    if (purpose !== 'prefill') this.#total.runs++
  }

  cancelled(number: MicroBatchNumber, _groups: number, left: number, nowUs: number): void {
    if (left === 0) this.#cancelledUs[number % MASK_ENTRIES] = nowUs
  }

  returned({ number, stoppedUs }: Returned, nowUs: number): void {
    this.#advance(nowUs)
    this.#inFlight--
    if (stoppedUs !== 0) this.#onStop(elapsedUs(this.#cancelledUs[number % MASK_ENTRIES]!, stoppedUs))
  }

  token(): void {
    this.#total.tokens++
  }

  /** Writes the totals of this moment to `into`. While stages compute, half an hour must not pass between two calls. */
  read(into: MeterReading, nowUs: number): void {
    this.#advance(nowUs)
    const { busyUs: total, atUs, flightUs, runs, tokens } = this.#total
    for (let stage = 0; stage < total.length; stage++) {
      for (let lane = 0; lane < this.#lanes; lane++) total[stage]! += this.#sinceSeen(stage, lane, nowUs) / this.#lanes
    }
    into.busyUs.set(total)
    into.atUs = atUs
    into.flightUs = flightUs
    into.runs = runs
    into.tokens = tokens
  }

  #advance(nowUs: number): void {
    const total = this.#total
    total.flightUs += this.#inFlight * (nowUs - total.atUs)
    total.atUs = nowUs
  }

  #sinceSeen(stage: number, lane: number, nowUs: number): number {
    const value = busyUs(this.#control, this.#words[stage]! + lane, nowUs)
    const at = stage * this.#lanes + lane
    const since = (value - this.#seen[at]!) & 0x7fffffff
    // A lane that has begun a moment after `nowUs` was read.
    if (since >= 2 ** 30) return 0
    this.#seen[at] = value
    return since
  }
}

/** What lies between two readings. */
export interface MeterFigures {
  /** Per stage, the share of the time it computed; empty where no time has passed. */
  readonly stageUtilisation: readonly number[]
  /** Micro-batches in flight, on average over time. */
  readonly runsInFlight: number | null
  readonly tokensPerRun: number | null
}

export function figuresBetween(from: MeterReading, to: MeterReading): MeterFigures {
  const us = to.atUs - from.atUs
  const runs = to.runs - from.runs
  return {
    stageUtilisation:
      us > 0 ? Array.from(to.busyUs, (busy, stage) => Math.min(1, (busy - from.busyUs[stage]!) / us)) : [],
    runsInFlight: us > 0 ? (to.flightUs - from.flightUs) / us : null,
    tokensPerRun: runs > 0 ? (to.tokens - from.tokens) / runs : null,
  }
}
