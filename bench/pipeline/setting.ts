// A pipeline and a drafter as numbers. Times in milliseconds.
//
// The cycle model, which bounds what any policy can reach with one chain of guesses. A token takes the latency
// L = stages * (t(1) + hop) from the first stage to its result. Guesses are right with chance p, each by itself. Between
// two wrong guesses r = p / (1 - p) are right on average. After a wrong guess everything behind it is lost, and the token
// that corrects it enters an empty pipeline: its result takes L. Every right guess behind it brings one more token, and
// these follow each other no faster than the drafter makes them (d) and the slowest stage takes them, whichever micro-batch
// size is best (t(n) / n for n up to the rows allowed). So a cycle yields r + 1 tokens in at least L + r * max(d, t(n) / n),
// and the speed is at most
//
//   1 / ((1 - p) * L + p * max(d, min t(n) / n))
//
// Plain decoding is p = 0: 1 / L. What the model leaves out costs a policy something: guesses wait until the first stage
// is free, a stage stops cancelled work a moment late.

export interface PipelineSetting {
  readonly stages: number
  /** Time of a stage for a micro-batch with so many live rows. */
  readonly stageMs: (rows: number) => number
  /** From a stage to the next, and from the last one to the conductor. */
  readonly hopMs: number
  /** Most rows of a micro-batch. */
  readonly rowsMax: number
  /** How often a stage looks whether its work was cancelled, and its time for a micro-batch of dead rows. */
  readonly sliceMs: number
  readonly headerMs: number
  /** Time of the drafter per token, and the chance that it is right. */
  readonly draftMs: number
  readonly accuracy: number
  /** How far a stage's time differs between micro-batches, up and down, as a share of it. Default 0. */
  readonly jitter?: number
  /** How far the chance differs from place to place, up and down. The drafter knows it and says so. Default 0: it is sure. */
  readonly spread?: number
  /** What the drafter says its chance is, everywhere. Default: the truth with `spread`, else that it is sure. */
  readonly claim?: number
}

/** Eight equal stages of 10 ms for up to four rows, 1 ms hops. */
export const EIGHT_STAGES = {
  stages: 8,
  stageMs: (rows: number) => 10 * Math.ceil(rows / 4),
  hopMs: 1,
  rowsMax: 4,
  sliceMs: 0.25,
  headerMs: 0.02,
} as const

/** Time from the submission of a single row to its result. */
export const latencyMs = ({ stages, stageMs, hopMs }: PipelineSetting): number => stages * (stageMs(1) + hopMs)

/** Tokens per second that no policy exceeds; see the head of this file. */
export function boundTokS(setting: PipelineSetting): number {
  const { accuracy, draftMs, stageMs, rowsMax } = setting
  let rowMs = Number.POSITIVE_INFINITY
  for (let rows = 1; rows <= rowsMax; rows++) rowMs = Math.min(rowMs, stageMs(rows) / rows)
  return 1000 / ((1 - accuracy) * latencyMs(setting) + accuracy * Math.max(draftMs, rowMs))
}
