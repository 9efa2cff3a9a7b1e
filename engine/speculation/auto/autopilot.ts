// Policy `auto`: which way to speculate, and how deep, is forecast from live measurement (forecast.ts), tried, and corrected
// by what came of it. What looks worse is tried again now and then, as texts and machines change; the time this may cost is a
// fixed share of all time, and what a trial really cost is taken off it.
import { Acceptance, PERFECT } from './acceptance.ts'
import { type Arm, type Conditions, chanceOfLast, forecast, tokenUs, worthwhileChance } from './forecast.ts'
import type { StepCosts } from './step-costs.ts'

/** Tokens between two judgements, and before the first. */
const JUDGED_TOKENS = 6
const FIRST_TOKENS = 2
/** Share of the time that trials of what looks worse may cost. */
const TRIAL_SHARE = 0.01
/** Tokens between two trials of the same policy: at first, and when trials keep changing nothing. */
const TRIAL_PAUSE_TOKENS = 32
const TRIAL_PAUSE_TOKENS_MAX = 512
/** Micro-batches that must return before a trial says anything. */
const TRIAL_RETURNS = 3
/** A policy is left for one that promises to take less than this share of its time. */
const SWITCH_SHARE = 0.975
/** Tokens after which half of what forecasts were compared with is forgotten, and for how many a forecast itself stands. */
const BIAS_HALF_LIFE_TOKENS = 384
const BIAS_PRIOR_TOKENS = 24
/** The same for policies that do not run meanwhile. */
const IDLE_HALF_LIFE_TOKENS = 3072
/** Forecasts are corrected by no more than this factor, up or down: more is a start or a neighbour, not the policy. */
const BIAS_MAX = 1.5

/** A drafter whose question takes less than this share of a step costs nothing. */
const FREE_DRAFT_SHARE = 0.005

const AUTO_POLICIES = ['off', 'sync', 'pipe'] as const
type AutoPolicy = Arm['policy']

/** Why `auto` does what it does. Speeds in tokens per second. */
export interface AutoReport {
  readonly policy: AutoPolicy
  readonly depth: number
  readonly predictedTokS: number
  /** Over the last tokens of this policy that were judged. */
  readonly measuredTokS: number
  /** The best each policy is predicted to do. */
  readonly forecasts: readonly { readonly policy: AutoPolicy; readonly depth: number; readonly tokS: number }[]
  /** Chance that a guess exists and is right. */
  readonly acceptance: number
  readonly draftMs: number
  /** A stage's time for 1, 2, 3, ... rows. */
  readonly rowsMs: readonly number[]
  /** Policy changes, trials included. */
  readonly changes: number
  readonly trials: number
}

interface PolicyRecord {
  /** Time of the tokens it made, and what was predicted for them; both fade. */
  measuredUs: number
  predictedUs: number
  /** Measured over predicted time: corrects forecasts. */
  bias: number
  /** When it ran last, in tokens judged. */
  ranAt: number
  pauseTokens: number
}

/** How far a text is when a micro-batch has returned and been judged. */
export interface JudgedProgress {
  readonly submittedUs: number
  readonly returnedUs: number
  readonly tokens: number
  /** Of these, tokens that had been guessed and sent. */
  readonly accepted: number
}

export class Autopilot {
  readonly acceptance = new Acceptance()
  readonly #costs: StepCosts
  readonly #depthMax: number
  readonly #records: Record<AutoPolicy, PolicyRecord>
  #arm: Arm
  /** The policy to return to after a trial. */
  #tries: AutoPolicy | undefined
  #trialUs = 0
  /** Tokens judged, of earlier texts too. */
  #judged = 0
  /** When the policy was chosen. */
  #chosenUs = Number.NEGATIVE_INFINITY
  /** Since when it is watched; undefined while micro-batches return that were submitted under another one. */
  #since: JudgedProgress | undefined
  #returns = 0
  /** The policy has been judged since it was chosen. */
  #isSettled = false
  #measuredUs = Number.NaN
  #predictedUs = Number.NaN
  #changes = 0
  #trials = 0

  /** `earlier`: of the same model and drafter, for what it has learned. */
  constructor(costs: StepCosts, depthMax: number, conditions: Conditions, earlier?: Autopilot) {
    this.#costs = costs
    this.#depthMax = depthMax
    const record = (policy: AutoPolicy): PolicyRecord =>
      earlier
        ? { ...earlier.#records[policy] }
        : { measuredUs: 0, predictedUs: 0, bias: 1, ranAt: 0, pauseTokens: TRIAL_PAUSE_TOKENS }
    this.#records = { off: record('off'), sync: record('sync'), pipe: record('pipe') }
    if (earlier) {
      this.acceptance.copyFrom(earlier.acceptance)
      this.#judged = earlier.#judged
      this.#trialUs = earlier.#trialUs
    }
    // Until costs are known: what hides the drafter where there are stages to fill, else a short round.
    const first: Arm = costs.stages > 1 ? { policy: 'pipe', depth: 4 } : { policy: 'sync', depth: 2 }
    this.#arm = costs.isKnown ? this.#best(conditions) : { ...first, depth: Math.min(first.depth, depthMax) }
  }

  get arm(): Arm {
    return this.#arm
  }

  /** The chance above which a draft is worth its time. */
  worthwhileChance(conditions: Conditions): number {
    return worthwhileChance(this.#arm, this.#costs, conditions, this.#score(this.#arm, conditions))
  }

  /** A micro-batch has returned and is judged. Returns whether the arm changed. */
  judge(now: JudgedProgress, conditions: Conditions): boolean {
    const { tokens, returnedUs, submittedUs } = now
    if (!this.#since) {
      if (!(submittedUs < this.#chosenUs)) this.#open(now)
      return false
    }
    this.#returns++
    const count = tokens - this.#since.tokens
    // A round that is not over says nothing yet.
    const isRoundOver = this.#arm.policy !== 'sync' || now.accepted - this.#since.accepted < count
    const enough = this.#judged === 0 ? FIRST_TOKENS : JUDGED_TOKENS
    if (count < 1 || !isRoundOver || (this.#tries ? this.#returns < TRIAL_RETURNS : count < enough)) return false
    this.#learn(this.#since, now, conditions)
    const { policy, depth } = this.#arm
    this.#arm = this.#next(conditions)
    if (this.#arm.policy !== policy) {
      this.#changes++
      this.#chosenUs = returnedUs
      this.#isSettled = false
      this.#since = undefined
    } else this.#open(now)
    return this.#arm.policy !== policy || this.#arm.depth !== depth
  }

  #open(now: JudgedProgress): void {
    this.#since = now
    this.#returns = 0
  }

  #learn(since: JudgedProgress, now: JudgedProgress, conditions: Conditions): void {
    const record = this.#records[this.#arm.policy]
    const us = now.returnedUs - since.returnedUs
    const count = now.tokens - since.tokens
    this.#measuredUs = us / count
    this.#predictedUs = this.#score(this.#arm, conditions)
    // What the text's luck was is known by now, and no fault of the forecast.
    const right = Math.min(count, now.accepted - since.accepted)
    const { cycleUs, rightUs } = forecast(this.#arm, this.#costs, this.acceptance, conditions)
    const predictedUs = ((count - right) * cycleUs + right * rightUs) / count
    // In a loud time all forecasts are too low, not only this one.
    const undisturbedUs = us / this.#costs.takeSlowdown()
    // The first tokens after a change tell more about the change.
    if (this.#isSettled) {
      record.measuredUs += undisturbedUs
      record.predictedUs += count * predictedUs
    }
    this.#isSettled = true
    // What has not run for long is forecast without correction again: what was wrong may have been the times of a start.
    for (const policy of AUTO_POLICIES) {
      const other = this.#records[policy]
      const kept = 0.5 ** (count / (other === record ? BIAS_HALF_LIFE_TOKENS : IDLE_HALF_LIFE_TOKENS))
      other.measuredUs *= kept
      other.predictedUs *= kept
      const priorUs = BIAS_PRIOR_TOKENS * predictedUs
      const ratio = (other.measuredUs + priorUs) / (other.predictedUs + priorUs)
      other.bias = Math.min(BIAS_MAX, Math.max(1 / BIAS_MAX, ratio))
    }
    this.#judged += count
    record.ranAt = this.#judged
    if (this.#tries) {
      const usual = this.#score(this.#bestOf(this.#tries, conditions), conditions)
      this.#trialUs -= Math.max(0, undisturbedUs - count * usual)
    } else this.#trialUs += TRIAL_SHARE * us
  }

  #next(conditions: Conditions): Arm {
    const usual = this.#tries ?? this.#arm.policy
    const tried = this.#tries && this.#arm.policy
    this.#tries = undefined
    const best = this.#best(conditions)
    const stay = this.#bestOf(usual, conditions)
    // `off` learns nothing of the drafter: it is left for one that costs nothing.
    const isPointless = usual === 'off' && !this.#policies.includes(usual)
    const isBetter = isPointless || this.#score(best, conditions) < SWITCH_SHARE * this.#score(stay, conditions)
    const next = isBetter ? best : stay
    if (tried) {
      const record = this.#records[tried]
      record.pauseTokens = isBetter ? TRIAL_PAUSE_TOKENS : Math.min(2 * record.pauseTokens, TRIAL_PAUSE_TOKENS_MAX)
    }
    return this.#trial(next, conditions) ?? next
  }

  /** A policy that has not run for long and whose trial can be paid for. */
  #trial(usual: Arm, conditions: Conditions): Arm | undefined {
    const usualUs = this.#score(usual, conditions)
    let found: Arm | undefined
    for (const policy of this.#policies) {
      const { ranAt, pauseTokens } = this.#records[policy]
      if (policy === usual.policy || this.#judged - ranAt < pauseTokens) continue
      if (this.#isHopeless(policy, usualUs, conditions)) continue
      const arm = this.#shortTrial(policy, conditions)
      const { rightCount } = forecast(arm, this.#costs, this.acceptance, conditions)
      const tokens = (TRIAL_RETURNS + 1) * (policy === 'sync' ? 1 + rightCount : 1)
      if (tokens * (this.#score(arm, conditions) - usualUs) > this.#trialUs) continue
      if (!found || ranAt < this.#records[found.policy].ranAt) found = arm
    }
    if (!found) return undefined
    this.#tries = usual.policy
    this.#trials++
    return found
  }

  /** Whether it would be slower than usual even with the best of drafters. */
  #isHopeless(policy: AutoPolicy, usualUs: number, conditions: Conditions): boolean {
    const depth = policy === 'off' ? 0 : this.#depthMax
    return tokenUs(forecast({ policy, depth }, this.#costs, PERFECT, conditions)) > BIAS_MAX * usualUs
  }

  /** A trial asks how good the drafter is now, which a short round tells as well as a long one. */
  #shortTrial(policy: AutoPolicy, conditions: Conditions): Arm {
    const best = this.#bestOf(policy, conditions)
    return policy === 'sync' ? { policy, depth: Math.min(best.depth, 2) } : best
  }

  #best(conditions: Conditions): Arm {
    const arms = this.#policies.map((policy) => this.#bestOf(policy, conditions))
    return arms.reduce((a, b) => (this.#score(b, conditions) < this.#score(a, conditions) ? b : a))
  }

  /**
   * Worth considering. Where drafts cost nothing and none is worth its row, the other two are as fast as `off`; what they
   * cost is known before text waits for them.
   */
  get #policies(): readonly AutoPolicy[] {
    const draftUs = this.#costs.draftUs(false, false)
    if (draftUs === 0) return ['off', 'pipe']
    const isFree = draftUs > 0 && draftUs < FREE_DRAFT_SHARE * this.#costs.latencyUs(1, false)
    return isFree ? ['sync', 'pipe'] : AUTO_POLICIES
  }

  #bestOf(policy: AutoPolicy, conditions: Conditions): Arm {
    let best: Arm = { policy, depth: policy === 'off' ? 0 : 1 }
    if (policy === 'off') return best
    for (let depth = 2; depth <= this.#depthMax; depth++) {
      const arm = { policy, depth }
      const us = this.#score(arm, conditions)
      // Rounds would not get that long: drafts so unlikely are not sent.
      const isReached =
        policy === 'pipe' || chanceOfLast(this.acceptance, depth) >= worthwhileChance(arm, this.#costs, conditions, us)
      if (isReached && us < this.#score(best, conditions)) best = arm
    }
    return best
  }

  /** Predicted microseconds per token. */
  #score(arm: Arm, conditions: Conditions): number {
    return tokenUs(forecast(arm, this.#costs, this.acceptance, conditions)) * this.#records[arm.policy].bias
  }

  report(conditions: Conditions): AutoReport {
    const tokS = (us: number) => 1e6 / us
    const forecasts = AUTO_POLICIES.map((policy) => {
      const arm = this.#bestOf(policy, conditions)
      return { ...arm, tokS: tokS(this.#score(arm, conditions)) }
    })
    return {
      ...this.#arm,
      predictedTokS: tokS(this.#predictedUs),
      measuredTokS: tokS(this.#measuredUs),
      forecasts,
      acceptance: this.acceptance.mean,
      draftMs: this.#costs.draftUs(false, this.#arm.policy === 'pipe') / 1000,
      rowsMs: [1, 2, 3, 4, 5, 6, 7, 8].map((rows) => this.#costs.serviceUs(rows, this.#arm.policy === 'pipe') / 1000),
      changes: this.#changes,
      trials: this.#trials,
    }
  }
}
