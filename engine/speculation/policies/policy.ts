// What a policy is: how a sequence speculates, as a record that the scheduler and the draft tree read. One file each.

/** Of the pipeline and a sequence, when its drafts might be sent. */
interface SendMoment {
  /** Drafts that are not submitted. */
  readonly pendingCount: number
  /** Most of a micro-batch. */
  readonly nMax: number
  /** Micro-batches that wait for the first stage or are in it. */
  readonly beforeFirstCount: number
  /** One more micro-batch leaves a place in the pipeline for a row that is certain. */
  readonly hasRoom: boolean
}

/** Chances of a guess, in 1 / PROBABILITY_ONE. */
interface GuessChances {
  /** Of it behind its parent. */
  readonly own: number
  /** Of its whole path. */
  readonly path: number
}

export interface Policy {
  readonly name: string
  /** Whether the drafter is asked never, while the newest token waits for its row, or also while rows are in flight. */
  readonly asks: 'never' | 'ready' | 'always'
  /** Whether the row of the newest token waits for the drafts that go along with it. */
  readonly waits: boolean
  /** What was held back is tried again never, when it follows the certain text, or whenever time has passed. */
  readonly retries: 'never' | 'certain' | 'always'
  /** Whether drafts go into the micro-batch of the newest token. */
  goesAlong(stages: number): boolean
  /** Whether drafts go out now, behind rows in flight. */
  isTimeToSend(moment: SendMoment): boolean
  /** The chance that must be worth a row. */
  worth(chances: GuessChances): number
  /** Which of the pending drafts to send, the likeliest first, parents before their children. */
  select<Draft>(pending: readonly Draft[]): readonly Draft[]
}
