// From what requests side by side took to rows: speeds, gaps, and the shares of what is possible. Pure.
import { median } from '../../cli/shell/figures.ts'
import { GROUPS_MAX } from '../../engine/limits.ts'
import { percentile, sideBySide } from '../statistics.ts'
import type { BatchTimes } from './protocol.ts'

export interface BatchTest {
  readonly requests: number
  /** Tokens of each prompt. */
  readonly prompt: number
}

/** Medians over rounds; gaps of all of them. */
export interface BatchFigures {
  /** Of all prompts, until the last first token. */
  readonly promptTokS: number
  /** Time to the first token. */
  readonly firstMsP50: number
  readonly firstMsMax: number
  readonly tokS: number
  readonly gapMsP50: number
  readonly gapMsP95: number
  /** Of the speed at which prompts were read. */
  readonly ofPrompt: number
  /** Of the time one stage computed. */
  readonly busyShare: number
  readonly rows: number
  /** Of what the stages would reach if they computed full micro-batches all the time. */
  readonly ofPossible: number
}

export function batchFigures({ requests, prompt }: BatchTest, rounds: readonly BatchTimes[]): BatchFigures {
  const found = rounds.map(({ firstMs, arrivalsMs, stages }) => {
    const { tokS, gapsMs } = sideBySide(arrivalsMs)
    const promptTokS = (requests * prompt * 1000) / Math.max(...firstMs)
    const { busyShare = Number.NaN, rows = Number.NaN, count = 1 } = stages ?? {}
    const ofPossible = busyShare * Math.min(1, rows / fullRows(requests, count))
    return { firstMs, gapsMs, tokS, promptTokS, ofPrompt: tokS / promptTokS, busyShare, rows, ofPossible }
  })
  const medianOf = (field: 'tokS' | 'promptTokS' | 'ofPrompt' | 'busyShare' | 'rows' | 'ofPossible') =>
    median(found.map((round) => round[field]))
  const gapsMs = found.flatMap((round) => round.gapsMs)
  return {
    promptTokS: medianOf('promptTokS'),
    firstMsP50: median(found.map(({ firstMs }) => median(firstMs))),
    firstMsMax: median(found.map(({ firstMs }) => Math.max(...firstMs))),
    tokS: medianOf('tokS'),
    ...{ gapMsP50: percentile(gapsMs, 0.5), gapMsP95: percentile(gapsMs, 0.95) },
    ...{ ofPrompt: medianOf('ofPrompt'), busyShare: medianOf('busyShare'), rows: medianOf('rows') },
    ofPossible: medianOf('ofPossible'),
  }
}

/** Rows of a micro-batch where as few as possible carry a row of every request, one for each stage. */
const fullRows = (requests: number, stages: number): number => Math.min(GROUPS_MAX, Math.ceil(requests / stages))
