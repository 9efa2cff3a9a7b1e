// A case of the simulator as data: sizes, requests and mishaps, all drawn from one seed.

import type { Random } from '../../bench/forge/random.ts'
import { DEFAULT_DRAFT } from '../../engine/options/sampling.ts'
import type { GenerateWork, SchedulerLimits, ScoreWork, SessionId } from '../../engine/scheduler/events.ts'
import { checkWork } from '../../engine/scheduler/work.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import type { StepPrices } from '../../engine/speculation/prices.ts'
import { type DraftScript, SCRIPTS } from './drafter.ts'
import { expectedChoice, LAYERS, VOCABULARY } from './model.ts'

export interface PlannedRequest {
  readonly id: number
  readonly work: GenerateWork | ScoreWork
  readonly at: number
  /** When the user aborts it; it may be over by then. */
  readonly abortAt: number | undefined
}

export interface Scenario {
  readonly limits: SchedulerLimits
  /** What steps cost; absent: rows are counted. */
  readonly prices: StepPrices | undefined
  readonly requests: readonly PlannedRequest[]
  /** Texts of sessions that are read out of their cells, and written back, perhaps for another session. */
  readonly copies: readonly PlannedCopy[]
  /** Sessions that are over before the end, and when. */
  readonly forgotten: readonly { readonly session: SessionId; readonly at: number }[]
  /** When a stage dies; everything in flight is lost and a new pipeline starts. */
  readonly deathAt: number | undefined
  /** Chance that a returned micro-batch reports a fault, and that a judged row has no usable result. */
  readonly faultChance: number
  readonly script: DraftScript
  readonly hasDraftModel: boolean
  /** Longest delay between a return and the conductor's noticing it. */
  readonly conductorDelayMax: number
  /** Chance that a token takes time to draw. */
  readonly deferChance: number
}

/** At `readAt` the user reads what session `from` keeps; at `writeAt`, if it has that by then, `to` gets it. */
export interface PlannedCopy {
  /** Numbers of the two transfers. */
  readonly readId: number
  readonly writeId: number
  readonly from: SessionId
  readonly to: SessionId
  readonly readAt: number
  readonly writeAt: number
}

/** Which policies the requests of a case use. */
export type PolicyMix = 'plain' | 'sync' | 'pipe' | 'auto' | 'mixed'
/** What drafts: a script, or a draft model with a scheduler and stages of its own. */
export type DrafterKind = 'script' | 'model'

/** A session is one client's. */
export const clientOfSession = (session: SessionId): number => session % 3

/** Mostly interactive. */
const PRIORITIES = ['interactive', 'interactive', 'batch'] as const

export function drawScenario(random: Random, mix: PolicyMix, drafter: DrafterKind = 'script'): Scenario {
  const limits = drawLimits(random)
  const requests: PlannedRequest[] = []
  const count = random.int(1, 9)
  const spread = random.pick([0, 30, 300])
  const sessionCount = random.pick([0, 1, 1, 3])
  const common = random.chance(0.5) ? drawTokens(random, limits.contextLength - 1) : []
  while (requests.length < count) {
    const work = drawWork(random, limits, mix, requests, sessionCount, common)
    if (!work) continue
    const at = random.int(0, spread)
    const abortAt = random.chance(0.25) ? at + random.int(0, 250) : undefined
    requests.push({ id: requests.length, work, at, abortAt })
  }
  return {
    limits,
    prices: drawPrices(random),
    requests,
    copies: drawCopies(random, sessionCount, requests),
    forgotten: random.chance(0.2) ? [{ session: 0, at: random.int(0, spread + 100) }] : [],
    deathAt: random.chance(0.1) ? random.int(1, 300) : undefined,
    script: random.pick(SCRIPTS),
    hasDraftModel: drafter === 'model',
    faultChance: random.chance(0.2) ? 0.03 : 0,
    conductorDelayMax: random.pick([0, 5, 60]),
    deferChance: random.pick([0, 0, 0.1, 0.5]),
  }
}

function drawCopies(random: Random, sessionCount: number, requests: readonly PlannedRequest[]): PlannedCopy[] {
  if (sessionCount === 0) return []
  return Array.from({ length: random.int(0, 3) }, (_, i): PlannedCopy => {
    const readAt = random.pick(requests).at + random.int(0, 100)
    // Just behind an abort rows are in flight that write cells which are free.
    const abortAt = random.pick(requests).abortAt ?? 0
    const writeAt = abortAt > readAt ? abortAt : readAt + random.int(0, 100)
    const [from, to] = [random.int(0, sessionCount - 1), random.int(0, sessionCount - 1)]
    return { readId: 1000 + 2 * i, writeId: 1001 + 2 * i, readAt, writeAt, from, to }
  })
}

/** Some rows for the price of one, then a price per row and per position that is read: perhaps far too much for a chunk. */
function drawPrices(random: Random): StepPrices | undefined {
  if (random.chance(0.3)) return undefined
  const [base, perRow, perPosition] = [
    random.pick([1, 100, 40_000]),
    random.pick([1, 30, 9000]),
    random.pick([0, 1, 500]),
  ]
  return { stepUs: (rows, positions) => Math.max(base, rows * perRow) + positions * perPosition }
}

function drawLimits(random: Random): SchedulerLimits {
  const stages = random.int(1, LAYERS)
  const contextLength = random.int(4, 40)
  const sequences = random.int(1, 6)
  return {
    stages,
    contextLength,
    sequences,
    cells: random.int(contextLength, contextLength * sequences),
    headroom: random.pick([0, 0, 3, 64]),
    gapPercent: random.pick([100, 150, 200, 1000]),
    inFlightMax: random.pick([1, stages, stages * 2, stages * 2 + 3]),
    chunkRows: random.pick([random.int(1, 9), random.int(1, 9), 40]),
    headRowsMax: random.pick([1, 2, 5, 32]),
    vocabularySize: VOCABULARY,
    pinUs: random.pick([0, 0, 500, 3000]),
    ...(random.chance(0.3) && { reusable: stepsOf(random.pick([2, 8, 16])) }),
  }
}

/** Lengths that are multiples of `step`. */
const stepsOf =
  (step: number) =>
  (length: number): number =>
    length - (length % step)

/** Work that can run at all, or undefined. */
function drawWork(
  random: Random,
  limits: SchedulerLimits,
  mix: PolicyMix,
  before: readonly PlannedRequest[],
  sessionCount: number,
  common: readonly number[],
): GenerateWork | ScoreWork | undefined {
  const session = sessionCount > 0 && random.chance(0.8) ? random.int(0, sessionCount - 1) : undefined
  const length = random.int(1, random.chance(0.3) ? limits.contextLength : Math.min(6, limits.contextLength))
  const known = session === undefined ? drawCommon(random, common) : drawHistory(random, limits, before, session)
  const tokens = [...known, ...drawTokens(random, length)]
  const client = session === undefined ? random.int(0, 2) : clientOfSession(session)
  const standing = { client, priority: random.pick(PRIORITIES), isPublic: random.chance(0.1) }
  const prompt = random.chance(0.5) ? tokens : Int32Array.from(tokens)
  const work: GenerateWork | ScoreWork = random.chance(0.2)
    ? { kind: 'score', prompt, from: random.int(0, tokens.length - 1), head: 'scored', ...standing }
    : {
        kind: 'generate',
        prompt,
        choices: random.chance(0.6) ? 1 : random.int(1, limits.sequences),
        tokensMax: random.chance(0.2) ? limits.contextLength : random.int(0, 20),
        head: random.pick(['best', 'top']),
        cachePrompt: random.chance(0.9),
        ...standing,
        ...drawDraft(random, mix),
        ...(session === undefined ? {} : { session }),
      }
  try {
    checkWork(work, limits)
  } catch {
    return undefined
  }
  return work
}

const drawTokens = (random: Random, length: number): number[] =>
  Array.from({ length }, () => random.int(0, VOCABULARY - 1))

/** What several requests begin with, or a beginning of it. */
const drawCommon = (random: Random, common: readonly number[]): readonly number[] =>
  random.chance(0.2) ? [] : common.slice(0, random.chance(0.7) ? common.length : random.int(0, common.length))

/** What an earlier request of the session read and wrote, or a beginning of it. */
function drawHistory(
  random: Random,
  { contextLength }: SchedulerLimits,
  before: readonly PlannedRequest[],
  session: SessionId,
): number[] {
  const last = before.findLast(({ work }) => work.kind === 'generate' && work.session === session)
  if (last?.work.kind !== 'generate') return []
  const choice = random.int(0, last.work.choices - 1)
  const text = [...Array.from(last.work.prompt), ...expectedChoice(last.id, choice, last.work, contextLength).tokens]
  return random.chance(0.7) ? text : text.slice(0, random.int(0, text.length))
}

function drawDraft(random: Random, mix: PolicyMix): Pick<GenerateWork, 'draft'> {
  const policy = mix === 'mixed' ? random.pick(['plain', 'sync', 'pipe', 'auto'] as const) : mix
  if (policy === 'plain') return {}
  const nMax = random.pick([1, 2, DEFAULT_DRAFT.nMax, 8, 16])
  const options = {
    nMax,
    nMin: random.chance(0.2) ? random.int(0, nMax) : 0,
    pMin: random.pick([0, 0.5, 0.9]),
    pSplit: random.pick([0, 0.3, 1]),
    pRecovery: random.pick([0, 0.1, 0.4]),
    pDecay: random.pick([0, 0.01, 0.2]),
  }
  return { draft: resolveDraft(policy, options) }
}
