// The scheduler's side of the wall to the advisor: what is told it, and how its advice reaches the draft trees. Without
// times nothing is told, and without an advisor sequences that leave their speculation to him decode plainly.

import type { Advice, AdvisedKey, Advisor, JudgedMoment } from '../speculation/advisor.ts'
import { POLICIES, type PolicyName } from '../speculation/policies/index.ts'
import type { RowTree } from './row-tree.ts'
import type { Flight } from './run.ts'
import type { Sequence } from './sequence.ts'

interface AdvisedTree {
  readonly key: AdvisedKey
  readonly tree: RowTree
}

interface ReturnedTimes extends Omit<JudgedMoment, 'decodingCount'> {
  /** Rows of a micro-batch that had the pipeline to itself and was computed whole; else 0. */
  readonly aloneRows: number
}

/** No time is known. */
export const NO_TIME = -1

export class Advised {
  readonly #advisor: Advisor | undefined
  readonly #trees = new Map<Sequence, AdvisedTree>()
  #nextKey: AdvisedKey = 0
  /** When the event being handled happened. */
  #nowUs = NO_TIME
  /** When the newest micro-batch left the first stage. */
  #passedUs = NO_TIME
  /** The one that has returned and is being judged. */
  #returned: ReturnedTimes | undefined
  /** Sequences that are drafted for while their rows are in flight. */
  #besideCount = 0

  constructor(advisor: Advisor | undefined) {
    this.#advisor = advisor
  }

  /** Undefined where the driver has no clock. */
  set nowUs(us: number | undefined) {
    if (us !== undefined) this.#nowUs = us
  }
  get nowUs(): number {
    return this.#nowUs
  }

  begin(sequence: Sequence, tree: RowTree): void {
    if (tree.parameters.policy === 'auto' && this.#advisor) {
      const key = this.#nextKey++
      const { advice, learner } = this.#advisor.begin(key, sequence.request.id, tree.parameters.nMax)
      tree.learner = learner
      this.#trees.set(sequence, { key, tree })
      apply(advice, tree)
    }
    this.#count(tree, 1)
  }

  end(sequence: Sequence, tree: RowTree, decodingCount: number): void {
    this.#count(tree, -1)
    const advised = this.#trees.get(sequence)
    if (!advised) return
    this.#trees.delete(sequence)
    this.#advisor?.end(advised.key, decodingCount)
  }

  /** `flight` is submitted behind `before`. */
  submitted(flight: Flight, before: readonly Flight[]): void {
    flight.submittedUs = this.#nowUs
    flight.isAlone = before.every(({ groups }) => groups.every(({ state }) => state === 'dead'))
  }

  /** The first stage is done with `flight`, and it had nothing else since the one before. */
  passed(flight: Flight | undefined): void {
    if (flight && isWhole(flight) && flight.submittedUs !== NO_TIME && this.#passedUs !== NO_TIME) {
      const us = this.#nowUs - Math.max(flight.submittedUs, this.#passedUs)
      this.#advisor?.noteService({ rows: flight.groups.length, us, isBeside: this.#isBeside })
    }
    this.#passedUs = this.#nowUs
  }

  /** `flight` has left the pipeline. */
  returned(flight: Flight): void {
    const { submittedUs } = flight
    const isTimed = flight.isAlone && isWhole(flight) && submittedUs !== NO_TIME
    const aloneRows = isTimed ? flight.groups.length : 0
    if (isTimed) {
      const us = this.#nowUs - submittedUs
      this.#advisor?.noteLatency({ rows: aloneRows, us, isBeside: this.#isBeside })
    }
    this.#returned = this.#nowUs === NO_TIME ? undefined : { submittedUs, returnedUs: this.#nowUs, aloneRows }
  }

  /** All rows of the micro-batch that has returned are judged: nothing behind it is submitted yet. */
  judged(decodingCount: number): void {
    if (!this.#returned) return
    const { submittedUs, returnedUs, aloneRows } = this.#returned
    this.#returned = undefined
    if (aloneRows > 0) {
      this.#advisor?.noteStep({ rows: aloneRows, us: this.#nowUs - submittedUs, isBeside: this.#isBeside })
    }
    const moment = { submittedUs, returnedUs, decodingCount }
    for (const [sequence, { key, tree }] of this.#trees) {
      if (sequence.phase === 'prefill') continue
      const progress = { key, tokens: sequence.length, accepted: tree.acceptedCount }
      this.#count(tree, -1)
      apply(this.#advisor!.judged(moment, progress), tree)
      this.#count(tree, 1)
    }
  }

  /** A question asked at `askedUs` is answered; `isFirst`: about what follows the certain text. */
  answered(askedUs: number, isFirst: boolean): void {
    if (askedUs !== NO_TIME) this.#advisor?.noteQuestion(this.#nowUs - askedUs, isFirst, this.#isBeside)
  }

  get #isBeside(): boolean {
    return this.#besideCount > 0
  }

  #count({ policy }: RowTree, by: 1 | -1): void {
    if (policy.asks === 'always') this.#besideCount += by
  }
}

function apply({ policy, nMax, worthMin }: Advice, tree: RowTree): void {
  tree.policy = POLICIES[policy satisfies PolicyName]
  if (tree.policy.asks !== 'never') tree.nMax = nMax
  tree.worthMin = worthMin
}

/** Whether all rows of a micro-batch were computed, and no prompt is among them. */
const isWhole = ({ decodeCount, groups }: Flight): boolean =>
  decodeCount === groups.length && groups.every(({ state }) => state !== 'dead')
