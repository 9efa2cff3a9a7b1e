// Figures of a request as users get them. Types only; index.ts re-exports all of it.
import type { Speculation } from './speculation.ts'

/** Figures of one request; times in milliseconds, measured in the conductor. */
export interface GenerateStats {
  readonly promptTokens: number
  /** Of these, what the session or other requests had in KV cells: only the others were evaluated. */
  readonly reusedTokens: number
  /** From submission of the prompt's first token to the logits of its last one. */
  readonly promptMs: number
  /** Evaluated prompt tokens per second of `promptMs`; null where no time was measured. */
  readonly promptTokS: number | null
  /** Generated tokens of all choices. */
  readonly tokens: number
  /** From the first generated token to the last. */
  readonly decodeMs: number
  /** Generated tokens after the first of each choice per second of `decodeMs`. */
  readonly tokS: number
  /** Time to the first token, prefill included. */
  readonly ttftMs: number
  /** Time between two tokens of a choice. */
  readonly itlMsP50: number
  readonly itlMsP95: number
  readonly itlMsMin: number
  readonly plan: string
  readonly kernels: string
  /** How the request speculated, as asked. */
  readonly policy: Speculation
  /** What guessed: a draft model, or n-grams of the text itself; null with policy `off`. */
  readonly drafter: string | null
  /**
   * What plain decoding would have reached in place of `tokS`: a forecast from the steps of this model in which certain
   * tokens had the pipeline to themselves, and with policy `off` what was measured. Where a draft model on the same cores
   * computed beside all of these, they are taken to be a quarter shorter without it. Null where there was no such step.
   */
  readonly plainTokS: number | null
  /**
   * The forecast is a lower bound: no step was seen without guesses, so a plain one takes no longer than those with the
   * fewest.
   */
  readonly plainIsBound: boolean
  /** tokS / plainTokS; null where that is unknown. */
  readonly speedup: number | null
  /** Of `decodeMs`: the target's stages computed, on average. */
  readonly targetMs: number
  /** Of `decodeMs`: the drafter computed; beside the target where the policy is `pipe`. */
  readonly drafterMs: number
  /** Of `decodeMs`: the target's stages had nothing to compute, on average. */
  readonly waitingMs: number
  /** Draft tokens sent to the target. */
  readonly drafted: number
  /** Of these, the target drew the same. */
  readonly accepted: number
  /** accepted / drafted; null when nothing was drafted. */
  readonly acceptance: number | null
  /** accepted / (accepted + first rejections). */
  readonly acceptancePerGuess: number | null
  /** Draft tokens withdrawn on their way through the stages. */
  readonly cancelledRows: number
  /** Draft tokens that were evaluated to the end and not needed. */
  readonly wastedRows: number
  /** What policy `auto` chose last, what it had predicted and measured, and the figures behind it; null otherwise. */
  readonly speculation: string | null
  /** Share of the stages' time spent computing, from the submission to the last token; null without a token. */
  readonly utilisation: number | null
  /** The same for each stage. */
  readonly stageUtilisation: readonly number[]
  /** Share of the stages' time in which they had nothing to compute, from the first token to the last. */
  readonly bubble: number | null
  /** Micro-batches in flight, on average over the same time. */
  readonly runsInFlight: number | null
  /** Tokens behind the first of each choice per micro-batch of decoded or drafted rows. */
  readonly tokensPerRun: number | null
  /** Micro-batches in whose middle a stage stopped, because they were cancelled as a whole: rows that die alone stop nothing. */
  readonly wholeCancels: number
  /** Median time from such a cancellation to the end of the computation; null without one. */
  readonly wholeCancelMsP50: number | null
}
