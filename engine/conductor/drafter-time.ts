// How long a request's drafter computed since its first token: n-grams say it themselves, a draft model's stages are read.

import { clockUs } from '../wire/clock.ts'
import type { MeterReading, PipelineMeter } from './meter.ts'

export class DrafterTime {
  readonly #meter: PipelineMeter | undefined
  readonly #first: MeterReading | undefined
  #isBegun = false
  #us = 0

  /** `meter`: of the draft model, if one drafts. */
  constructor(meter: PipelineMeter | undefined) {
    this.#meter = meter
    this.#first = meter?.newReading()
  }

  /** The first token has come. */
  begin(nowUs: number): void {
    this.#isBegun = true
    if (this.#meter && this.#first) this.#meter.read(this.#first, nowUs)
  }

  /** It drafted for so long, and the caller waited. */
  add(us: number): void {
    if (this.#isBegun) this.#us += us
  }

  /** Microseconds up to now; of a model's stages the mean. */
  total(): number {
    const { busyUs = [] } = this.#first ?? {}
    if (!this.#meter || !this.#isBegun || busyUs.length === 0) return this.#us
    const now = this.#meter.newReading()
    this.#meter.read(now, clockUs())
    return now.busyUs.reduce((sum, us, stage) => sum + us - busyUs[stage]!, 0) / busyUs.length
  }
}
