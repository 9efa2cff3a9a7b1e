// Policy `auto` inside the scheduler: takes the times that come in with events, learns from them what steps cost, and tells
// the draft trees of sequences that leave it to us how to speculate. Without times nothing is learned and nothing changes.
import { Autopilot, type AutoReport } from '../spec/autopilot.ts'
import type { Conditions } from '../spec/forecast.ts'
import { PROBABILITY_ONE } from '../spec/guess.ts'
import { PlainPace, type PlainStep } from '../spec/plain-pace.ts'
import { StepCosts } from '../spec/step-costs.ts'
import type { RowTree } from './drafting.ts'
import type { SchedulerLimits } from './events.ts'
import type { Flight } from './run.ts'
import type { Sequence } from './sequence.ts'

interface Returned {
  readonly submittedUs: number
  readonly returnedUs: number
  /** Rows of a micro-batch that had the pipeline to itself and was computed whole; else 0. */
  readonly aloneRows: number
}

interface Steered {
  readonly pilot: Autopilot
  readonly tree: RowTree
}

export class Steering {
  readonly costs: StepCosts
  readonly #pace = new PlainPace()
  readonly #limits: SchedulerLimits
  readonly #steered = new Map<Sequence, Steered>()
  /** The pilot of the sequence that ended last. */
  #earlier: Autopilot | undefined
  /** When the event being handled happened; NaN while nobody says. */
  #nowUs = Number.NaN
  /** When the newest micro-batch left the first stage. */
  #passedUs = Number.NaN
  /** The one that has returned and is being judged. */
  #returned: Returned | undefined
  /** Sequences that are drafted for while their rows are in flight. */
  #besideCount = 0

  constructor(limits: SchedulerLimits, costs = new StepCosts(limits.stages)) {
    this.#limits = limits
    this.costs = costs
  }

  /** Microseconds, from anywhere, never going back; undefined where the driver has no clock. */
  set nowUs(us: number | undefined) {
    if (us !== undefined) this.#nowUs = us
  }
  get nowUs(): number {
    return this.#nowUs
  }

  begin(sequence: Sequence, tree: RowTree): void {
    if (tree.policy === 'pipe') this.#besideCount++
    if (tree.parameters.policy !== 'auto') return
    const { nMax } = tree.parameters
    const pilot = new Autopilot(this.costs, nMax, this.#conditions(1), this.#earlier)
    tree.acceptance = pilot.acceptance
    this.#steered.set(sequence, { pilot, tree })
    this.#apply(pilot, tree)
    tree.worthMin = Math.round(pilot.worthwhileChance(this.#conditions(1)) * PROBABILITY_ONE)
  }

  end(sequence: Sequence, tree: RowTree): void {
    if (tree.policy === 'pipe') this.#besideCount--
    const steered = this.#steered.get(sequence)
    if (!steered) return
    this.#steered.delete(sequence)
    this.#earlier = steered.pilot
  }

  /** Why a sequence speculates as it does; undefined where that was the user's choice. */
  report(sequence: Sequence, decodingCount: number): AutoReport | undefined {
    return this.#steered.get(sequence)?.pilot.report(this.#conditions(decodingCount))
  }

  /** `flight` is submitted behind `before`. */
  submitted(flight: Flight, before: readonly Flight[]): void {
    flight.submittedUs = this.#nowUs
    flight.isAlone = before.every(({ runRows }) => runRows.every(({ state }) => state === 'dead'))
  }

  /** The first stage is done with `flight`, and it had nothing else since the one before. */
  passed(flight: Flight | undefined): void {
    const beganUs = Math.max(flight?.submittedUs ?? Number.NaN, this.#passedUs)
    if (flight && isWhole(flight)) this.costs.noteService(flight.runRows.length, this.#nowUs - beganUs, this.#isBeside)
    this.#passedUs = this.#nowUs
  }

  /** `flight` has left the pipeline. */
  returned(flight: Flight): void {
    const aloneRows = flight.isAlone && isWhole(flight) ? flight.runRows.length : 0
    if (aloneRows > 0) {
      const rows = aloneRows
      const more = this.costs.serviceUs(rows, this.#isBeside) - this.costs.serviceUs(1, this.#isBeside)
      this.costs.noteLatency(this.#nowUs - flight.submittedUs - this.#limits.stages * more, this.#isBeside)
    }
    this.#returned = { submittedUs: flight.submittedUs, returnedUs: this.#nowUs, aloneRows }
  }

  /** All rows of the micro-batch that has returned are judged: nothing behind it is submitted yet. */
  judged(decodingCount: number): void {
    const flight = this.#returned
    this.#returned = undefined
    if (!flight || Number.isNaN(flight.returnedUs)) return
    if (flight.aloneRows > 0) this.#pace.note(flight.aloneRows, this.#nowUs - flight.submittedUs, this.#isBeside)
    const conditions = this.#conditions(decodingCount)
    for (const [sequence, { pilot, tree }] of this.#steered) {
      if (sequence.phase === 'prefill') continue
      if (pilot.judge({ ...flight, tokens: sequence.length, accepted: tree.acceptedCount }, conditions)) {
        this.#apply(pilot, tree)
      }
      tree.worthMin = Math.round(pilot.worthwhileChance(conditions) * PROBABILITY_ONE)
    }
  }

  /** A question asked at `askedUs` is answered; `isFirst`: about what follows the certain text. */
  answered(askedUs: number, isFirst: boolean): void {
    if (!Number.isNaN(askedUs)) this.costs.noteDraft(this.#nowUs - askedUs, isFirst, this.#isBeside)
  }

  /** What a step of plain decoding with so many sequences takes; undefined where nothing is known of it. */
  plainStep(sequences: number): PlainStep | undefined {
    const rows = Math.max(1, Math.ceil(sequences / this.#limits.stages))
    return this.#pace.step(rows, this.costs.aloneShare)
  }

  get #isBeside(): boolean {
    return this.#besideCount > 0
  }

  #conditions(decodingCount: number): Conditions {
    return { rowsMax: this.#limits.headRowsMax, crowd: Math.max(1, decodingCount) }
  }

  #apply({ choice }: Autopilot, tree: RowTree): void {
    if (tree.policy === 'pipe') this.#besideCount--
    if (choice.policy === 'pipe') this.#besideCount++
    tree.policy = choice.policy
    if (choice.policy !== 'off') tree.nMax = choice.depth
  }
}

/** Whether all rows of a micro-batch were computed. */
const isWhole = ({ kind, runRows }: Flight): boolean =>
  kind === 'rows' && runRows.every(({ state }) => state !== 'dead')
