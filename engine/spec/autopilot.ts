// Policy `auto`: which way to speculate, and how deep, is forecast from live measurement (forecast.ts), tried, and corrected
// by what came of it. What looks worse is tried again now and then, as texts and machines change; the time this may cost is a
// fixed share of all time, and what a trial really cost is taken off it.
import { Acceptance } from './acceptance.ts'
import { type Choice, type Conditions, forecastUs, worthwhileChance } from './forecast.ts'
import type { StepCosts } from './step-costs.ts'

/** Tokens between two judgements. */
const JUDGED_TOKENS = 6
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

const POLICIES = ['off', 'sync', 'pipe'] as const
type PolicyName = Choice['policy']

/** Why `auto` does what it does. Speeds in tokens per second. */
export interface AutoReport {
  readonly policy: PolicyName
  readonly depth: number
  readonly predictedTokS: number
  /** Over the last tokens of this policy that were judged. */
  readonly measuredTokS: number
  /** The best each policy is predicted to do. */
  readonly forecasts: readonly { readonly policy: PolicyName; readonly depth: number; readonly tokS: number }[]
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

export class Autopilot {
  readonly acceptance = new Acceptance()
  readonly #costs: StepCosts
  readonly #depthMax: number
  readonly #records: Record<PolicyName, PolicyRecord>
  #choice: Choice
  /** The policy to return to after a trial. */
  #tries: PolicyName | undefined
  #trialUs = 0
  /** Tokens judged, of earlier texts too. */
  #judged = 0
  #windowUs = Number.NaN
  #windowTokens = 0
  #returns = 0
  #measuredUs = Number.NaN
  #predictedUs = Number.NaN
  #changes = 0
  #trials = 0

  /** `earlier`: of the same model and drafter, for what it has learned. */
  constructor(costs: StepCosts, depthMax: number, conditions: Conditions, earlier?: Autopilot) {
    this.#costs = costs
    this.#depthMax = depthMax
    const record = (policy: PolicyName): PolicyRecord =>
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
    const first: Choice = costs.stages > 1 ? { policy: 'pipe', depth: 4 } : { policy: 'sync', depth: 2 }
    this.#choice = costs.isKnown ? this.#best(conditions) : { ...first, depth: Math.min(first.depth, depthMax) }
  }

  get choice(): Choice {
    return this.#choice
  }

  /** The chance above which a draft is worth its time. */
  worthwhileChance(conditions: Conditions): number {
    return worthwhileChance(this.#choice, this.#costs, this.#score(this.#choice, conditions))
  }

  /** A micro-batch has returned at `nowUs`, before which the text had `tokens` tokens. Returns whether the choice changed. */
  judge(nowUs: number, tokens: number, conditions: Conditions): boolean {
    if (Number.isNaN(this.#windowUs)) {
      this.#open(nowUs, tokens)
      return false
    }
    this.#returns++
    const count = tokens - this.#windowTokens
    if (count < 1 || (this.#tries ? this.#returns < TRIAL_RETURNS : count < JUDGED_TOKENS)) return false
    this.#learn(nowUs - this.#windowUs, count, conditions)
    const { policy, depth } = this.#choice
    this.#choice = this.#next(conditions)
    // What returns next was submitted under the old policy.
    if (this.#choice.policy !== policy) {
      this.#changes++
      this.#windowUs = Number.NaN
    } else this.#open(nowUs, tokens)
    return this.#choice.policy !== policy || this.#choice.depth !== depth
  }

  #open(nowUs: number, tokens: number): void {
    this.#windowUs = nowUs
    this.#windowTokens = tokens
    this.#returns = 0
  }

  #learn(us: number, count: number, conditions: Conditions): void {
    const record = this.#records[this.#choice.policy]
    this.#measuredUs = us / count
    const predictedUs = forecastUs(this.#choice, this.#costs, this.acceptance, conditions)
    this.#predictedUs = predictedUs * record.bias
    // In a loud time all forecasts are too low, not only this one.
    const quietUs = us / this.#costs.takeLoudness()
    record.measuredUs += quietUs
    record.predictedUs += count * predictedUs
    // What has not run for long is forecast without correction again: what was wrong may have been the times of a start.
    for (const policy of POLICIES) {
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
      this.#trialUs -= Math.max(0, quietUs - count * usual)
    } else this.#trialUs += TRIAL_SHARE * us
  }

  #next(conditions: Conditions): Choice {
    const usual = this.#tries ?? this.#choice.policy
    const tried = this.#tries && this.#choice.policy
    this.#tries = undefined
    const best = this.#best(conditions)
    const stay = this.#bestOf(usual, conditions)
    const isBetter = this.#score(best, conditions) < SWITCH_SHARE * this.#score(stay, conditions)
    const next = isBetter ? best : stay
    if (tried) {
      const record = this.#records[tried]
      record.pauseTokens = isBetter ? TRIAL_PAUSE_TOKENS : Math.min(2 * record.pauseTokens, TRIAL_PAUSE_TOKENS_MAX)
    }
    return this.#trial(next, conditions) ?? next
  }

  /** A policy that has not run for long and whose trial can be paid for. */
  #trial(usual: Choice, conditions: Conditions): Choice | undefined {
    const usualUs = this.#score(usual, conditions)
    let found: Choice | undefined
    for (const policy of POLICIES) {
      const { ranAt, pauseTokens } = this.#records[policy]
      if (policy === usual.policy || this.#judged - ranAt < pauseTokens) continue
      const choice = this.#shortTrial(policy, conditions)
      const lossUs = TRIAL_RETURNS * Math.max(0, this.#score(choice, conditions) - usualUs)
      if (lossUs > this.#trialUs) continue
      if (!found || ranAt < this.#records[found.policy].ranAt) found = choice
    }
    if (!found) return undefined
    this.#tries = usual.policy
    this.#trials++
    return found
  }

  /** A trial asks how good the drafter is now, which a short round tells as well as a long one. */
  #shortTrial(policy: PolicyName, conditions: Conditions): Choice {
    const best = this.#bestOf(policy, conditions)
    return policy === 'sync' ? { policy, depth: Math.min(best.depth, 2) } : best
  }

  #best(conditions: Conditions): Choice {
    const choices = POLICIES.map((policy) => this.#bestOf(policy, conditions))
    return choices.reduce((a, b) => (this.#score(b, conditions) < this.#score(a, conditions) ? b : a))
  }

  #bestOf(policy: PolicyName, conditions: Conditions): Choice {
    let best: Choice = { policy, depth: policy === 'off' ? 0 : 1 }
    if (policy === 'off') return best
    for (let depth = 2; depth <= this.#depthMax; depth++) {
      const choice = { policy, depth }
      if (this.#score(choice, conditions) < this.#score(best, conditions)) best = choice
    }
    return best
  }

  /** Predicted microseconds per token. */
  #score(choice: Choice, conditions: Conditions): number {
    return forecastUs(choice, this.#costs, this.acceptance, conditions) * this.#records[choice.policy].bias
  }

  report(conditions: Conditions): AutoReport {
    const tokS = (us: number) => 1e6 / us
    const forecasts = POLICIES.map((policy) => {
      const choice = this.#bestOf(policy, conditions)
      return { ...choice, tokS: tokS(this.#score(choice, conditions)) }
    })
    return {
      ...this.#choice,
      predictedTokS: tokS(this.#predictedUs),
      measuredTokS: tokS(this.#measuredUs),
      forecasts,
      acceptance: this.acceptance.mean,
      draftMs: this.#costs.draftUs(false, this.#choice.policy === 'pipe') / 1000,
      rowsMs: [1, 2, 3, 4, 5, 6, 7, 8].map(
        (rows) => this.#costs.serviceUs(rows, this.#choice.policy === 'pipe') / 1000,
      ),
      changes: this.#changes,
      trials: this.#trials,
    }
  }
}
