// Two rules of PipeInfer as it was published, on the virtual clock (arXiv:2407.11798 and its source): what they evaluate
// and draft a second time. The scheduler knows neither; what it would do twice is put into the pipeline beside it, and
// nobody reads the results, since what is in flight already returns first.
import { assert } from '../../engine/errors.ts'
import { groupsMask } from '../../engine/wire/codec.ts'

/**
 * `single-token`: every micro-batch that brings tokens is followed by a row of the newest one, even if a row in flight
 * evaluates that token already. `re-drafting`: it makes the drafter start again at the newest token, although drafts ahead
 * of it are in flight and may be right; they are drafted and sent once more.
 */
export type LiteralRule = 'single-token' | 're-drafting'

/** Rows that repeat others. */
export interface Repeat {
  readonly groupRows: readonly number[]
  alive: number
  /** The newest position they evaluate: they are superfluous once the token behind it is known. */
  readonly last: number
}

export class LiteralRules {
  readonly #rule: LiteralRule
  readonly #draftMs: number
  readonly #rowsMax: number
  /** Positions below are drafted, since drafting began at the newest token. */
  #drafted = 0
  /** Positions drafted again and not sent. */
  #pending = 0
  #nextAt = Number.POSITIVE_INFINITY
  /** Positions below had been drafted before that. */
  #tip = 0
  #repeats: Repeat[] = []

  constructor(rule: LiteralRule, draftMs: number, rowsMax: number) {
    this.#rule = rule
    this.#draftMs = draftMs
    this.#rowsMax = rowsMax
  }

  /** When something happens here next. */
  get nextAt(): number {
    return this.#nextAt
  }

  get isRedrafting(): boolean {
    return this.#nextAt !== Number.POSITIVE_INFINITY
  }

  /** The drafter is asked for the token at `position`; returns when it gets to that. */
  asked(position: number, now: number): number {
    this.#tip = position
    if (!this.isRedrafting) return now
    return this.#nextAt + (position - this.#drafted - 1) * this.#draftMs
  }

  answered(position: number): void {
    this.#drafted = Math.max(this.#drafted, position + 1)
    this.#tip = Math.max(this.#tip, position + 1)
  }

  /**
   * A micro-batch has returned with tokens; the text now has `length` of them, and the row of the newest one was submitted
   * a moment ago or is `inFlight`. Returns what to send.
   */
  accepted(length: number, inFlight: boolean, now: number): Repeat | undefined {
    if (this.#rule === 're-drafting') {
      this.#drafted = length
      this.#pending = 0
      this.#nextAt = inFlight && length < this.#tip ? now + this.#draftMs : Number.POSITIVE_INFINITY
    }
    for (const repeat of this.#repeats) if (repeat.last < length - 1 || !inFlight) repeat.alive = 0
    this.#repeats = this.#repeats.filter(({ alive }) => alive !== 0)
    return this.#rule === 'single-token' && inFlight ? this.#repeat(1, length - 1) : undefined
  }

  /** A token is drafted once more; returns what to send, which is all there is where the first stage is idle. */
  redrafted(now: number, isIdle: boolean): Repeat | undefined {
    assert(now === this.#nextAt, 'nothing is drafted again')
    this.#drafted++
    this.#pending++
    this.#nextAt = this.#drafted < this.#tip ? now + this.#draftMs : Number.POSITIVE_INFINITY
    if (!isIdle && this.#pending < this.#rowsMax) return undefined
    const rows = this.#pending
    this.#pending = 0
    return this.#repeat(rows, this.#drafted - 1)
  }

  #repeat(rows: number, last: number): Repeat {
    const repeat: Repeat = { groupRows: Array(rows).fill(1), alive: groupsMask(rows), last }
    this.#repeats.push(repeat)
    return repeat
  }
}
