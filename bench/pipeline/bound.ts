// The cycle model, which bounds what any policy can reach with one chain of guesses. A cycle begins with a token that was
// not guessed: nothing about it was known before, so its row enters a pipeline in which nothing is of use, and its result
// takes the latency L = stages * (t(1) + hop). Of the guesses behind it the first k - 1 are right, the next one is wrong or
// missing: the cycle yields k tokens. It takes at least
//
//   L + (k - 1) * d             the last of them has to be drafted, a token in d, and to pass all stages
//   sum t(n) + (stages - 1) * max t(n) + stages * hop
//                               k rows, in the best partition into micro-batches of n rows, have to pass all stages, which
//                               are all as fast
//
// whichever is more, or k * L where the drafter is slower than that. So a wrong guess costs one latency, and right ones
// follow each other no faster than the drafter makes them and a stage takes them. Plain decoding has cycles of one token. What the model leaves out costs a policy
// something: guesses wait until the first stage is free, a stage stops cancelled work a moment late.
import { isGuessed } from './script.ts'
import { latencyMs, type PipelineSetting } from './setting.ts'

/** Tokens per second that no policy exceeds in a run of `tokens` tokens, with the guesses that are drawn for it. */
export function boundTokS(setting: PipelineSetting, tokens: number): number {
  const cycleMs = cycleTimes(setting, tokens)
  // The clock starts with the first token, which comes with the prompt and may have been guessed, too.
  let [ms, cycle] = [-latencyMs(setting), 1]
  for (let position = 1; position <= tokens; position++) {
    if (position < tokens && isGuessed(setting, position)) {
      cycle++
      continue
    }
    ms += cycleMs[cycle]!
    cycle = 1
  }
  return ((tokens - 1) * 1000) / ms
}

/** Least time of a cycle of 1 to `most` tokens, by their number; see the head of this file. */
export function cycleTimes(setting: PipelineSetting, most: number): Float64Array {
  const { stages, stageMs, hopMs, rowsMax, draftMs } = setting
  const best = new Float64Array(most + 1).fill(Number.POSITIVE_INFINITY)
  for (let largest = 1; largest <= rowsMax; largest++) {
    const sum = new Float64Array(most + 1)
    for (let count = 1; count <= most; count++) {
      let least = Number.POSITIVE_INFINITY
      for (let rows = 1; rows <= Math.min(largest, count); rows++) {
        least = Math.min(least, stageMs(rows) + sum[count - rows]!)
      }
      sum[count] = least
      best[count] = Math.min(best[count]!, least + (stages - 1) * stageMs(largest) + stages * hopMs)
    }
  }
  const oneMs = latencyMs(setting)
  // Nobody has to wait for a slow drafter.
  return best.map((ms, count) => Math.min(count * oneMs, Math.max(ms, oneMs + (count - 1) * draftMs)))
}
