// What the conductor measures of one request: when its tokens came, and what the pipeline and the drafter did meanwhile.
import type { RequestFigures } from '../messages.ts'
import { clockUs } from '../wire/clock.ts'
import { DrafterTime } from './drafter-time.ts'
import { figuresBetween, type MeterReading, type PipelineMeter } from './meter.ts'

/** The figures that are taken here; others know the rest. */
export type MeasuredFigures = Pick<
  RequestFigures,
  | 'submittedMs'
  | 'firstTokenMs'
  | 'lastTokenMs'
  | 'endedMs'
  | 'tokens'
  | 'gapsMs'
  | 'whole'
  | 'decode'
  | 'stopsUs'
  | 'drafterUs'
>

export class RequestStopwatch {
  readonly #meter: PipelineMeter
  /** The pipeline at the submission, at the first and at the newest token. */
  readonly #readings: { readonly begun: MeterReading; readonly first: MeterReading; readonly last: MeterReading }
  readonly #drafterUs: DrafterTime
  readonly #submittedMs: number
  #firstTokenMs = Number.NaN
  #lastTokenMs = Number.NaN
  #tokens = 0
  /** When the newest token of each choice came. */
  readonly #choicesMs: number[] = []
  readonly #gapsMs: number[] = []
  readonly #stopsUs: number[] = []

  /** `draftMeter`: of the draft model's pipeline, where it drafts for the request. */
  constructor(meter: PipelineMeter, draftMeter: PipelineMeter | undefined, nowMs: number) {
    this.#submittedMs = nowMs
    this.#meter = meter
    this.#drafterUs = new DrafterTime(draftMeter)
    this.#readings = { begun: meter.newReading(), first: meter.newReading(), last: meter.newReading() }
    meter.read(this.#readings.begun, clockUs())
  }

  /** A token went to the user. */
  noteToken(choice: number, nowMs: number): void {
    const { first, last } = this.#readings
    const beforeMs = this.#choicesMs[choice]
    if (beforeMs !== undefined) {
      this.#gapsMs.push(nowMs - beforeMs)
      this.#meter.token()
    }
    this.#meter.read(last, clockUs())
    if (this.#tokens++ === 0) {
      this.#firstTokenMs = nowMs
      this.#meter.read(first, last.atUs)
      this.#drafterUs.begin(last.atUs)
    }
    this.#choicesMs[choice] = nowMs
    this.#lastTokenMs = nowMs
  }

  /** The drafter worked so long on a question before it returned. */
  noteDrafting(us: number): void {
    this.#drafterUs.add(us)
  }

  /** A stage went on so long with a micro-batch after all its rows had been cancelled. */
  noteStop(us: number): void {
    this.#stopsUs.push(us)
  }

  figures(nowMs: number): MeasuredFigures {
    const { begun, first, last } = this.#readings
    return {
      submittedMs: this.#submittedMs,
      firstTokenMs: this.#firstTokenMs,
      lastTokenMs: this.#lastTokenMs,
      endedMs: nowMs,
      tokens: this.#tokens,
      gapsMs: Float64Array.from(this.#gapsMs).sort(),
      whole: figuresBetween(begun, last),
      decode: figuresBetween(first, last),
      stopsUs: Float64Array.from(this.#stopsUs).sort(),
      drafterUs: this.#drafterUs.total(),
    }
  }
}
