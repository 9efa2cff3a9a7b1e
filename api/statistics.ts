// The figures of a request as users get them.
import { describeAuto, type GenerateStats, type ModelInfo, type RequestFigures } from '../engine/index.ts'

/** What figures are set against. */
export interface FigureSetting {
  /** Milliseconds since the epoch. */
  readonly calledMs: number
  readonly promptIds: readonly number[]
  readonly choices: number
  readonly info: ModelInfo
}

export function statistics(setting: FigureSetting, figures: RequestFigures): GenerateStats {
  const { promptIds, choices, info, calledMs } = setting
  const {
    submittedMs,
    firstTokenMs,
    lastTokenMs,
    endedMs,
    tokens,
    reused,
    gapsMs,
    drafts,
    auto,
    whole,
    decode,
    stopsUs,
  } = figures
  const decodeMs = tokens === 0 ? 0 : lastTokenMs - firstTokenMs
  const promptEndMs = tokens === 0 ? endedMs : firstTokenMs
  const promptMs = promptEndMs - submittedMs
  const tokS = decodeMs > 0 ? ((tokens - Math.min(tokens, choices)) * 1000) / decodeMs : 0
  const bubble = complement(mean(decode.stageUtilisation))
  const waitingMs = (bubble ?? 0) * decodeMs
  const quantile = (share: number) => gapsMs[Math.min(gapsMs.length - 1, Math.floor(gapsMs.length * share))] ?? 0
  return {
    promptTokens: promptIds.length,
    reusedTokens: reused,
    promptMs,
    promptTokS: promptMs > 0 ? ((promptIds.length - reused) * 1000) / promptMs : null,
    tokens,
    decodeMs,
    tokS,
    ttftMs: promptEndMs - calledMs,
    itlMsP50: quantile(0.5),
    itlMsP95: quantile(0.95),
    itlMsMin: gapsMs[0] ?? 0,
    plan: info.plan.text,
    kernels: info.kernels,
    ...againstPlain(figures, tokS, choices),
    targetMs: decodeMs - waitingMs,
    drafterMs: figures.drafterUs / 1000,
    waitingMs,
    drafted: drafts.drafted,
    accepted: drafts.accepted,
    acceptance: ratio(drafts.accepted, drafts.drafted),
    acceptancePerGuess: ratio(drafts.accepted, drafts.accepted + drafts.rejections),
    cancelledRows: drafts.cancelled,
    wastedRows: drafts.wasted,
    speculation: auto ? describeAuto(auto) : null,
    utilisation: mean(whole.stageUtilisation),
    stageUtilisation: whole.stageUtilisation,
    bubble,
    runsInFlight: decode.runsInFlight,
    tokensPerRun: whole.tokensPerRun,
    wholeCancels: stopsUs.length,
    wholeCancelMsP50: stopsUs.length === 0 ? null : stopsUs[stopsUs.length >> 1]! / 1000,
  }
}

/** This run against plain decoding. */
function againstPlain({ policy, drafter, plain }: RequestFigures, tokS: number, choices: number) {
  const plainTokS = policy === 'off' ? tokS || null : plain ? (choices * 1e6) / plain.us : null
  const plainIsBound = policy !== 'off' && plain?.isBound === true
  const speedup = plainTokS === null || tokS === 0 ? null : tokS / plainTokS
  return { policy, drafter, plainTokS, plainIsBound, speedup }
}

const mean = (values: readonly number[]): number | null =>
  ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  )

const complement = (share: number | null): number | null => (share === null ? null : 1 - share)

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)
