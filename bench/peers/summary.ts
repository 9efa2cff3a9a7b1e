// From the rounds of all engines on one model to rows: medians, bests, ratios. Pure.
import { median } from '../../cli/shell/figures.ts'
import { commonPrefix, decodeSpeed } from '../statistics.ts'
import type { Generated } from './protocol.ts'

/** One thing to measure: a prompt alone, or the tokens behind one. */
export interface Test {
  /** `pp512`: a prompt; `tg64`: tokens; `tg64@4000`: tokens behind a context. */
  readonly name: string
  readonly kind: 'prompt' | 'decode'
  readonly prompt: number
  readonly tokens: number
  /** A core that another program keeps busy meanwhile. */
  readonly busyCore?: number
}

/** Speeds of one engine in one test, in tokens per second; of `load` in MB per second. */
export interface Speed {
  readonly median: number
  readonly best: number
  readonly mean: number
}

/** What one engine measured on one model. */
export interface Measurements {
  readonly engine: string
  readonly loadsMs: readonly number[]
  /** By test name, one per round. */
  readonly rounds: ReadonlyMap<string, readonly Generated[]>
}

export type PeerRow = Readonly<Record<string, unknown>>

/** Tests from the lengths a user gives. Decode starts with the second token, so one more is generated. */
export function testsOf(prompts: readonly number[], tokens: number, depths: readonly number[]): Test[] {
  return [
    ...prompts.map((prompt): Test => ({ name: `pp${prompt}`, kind: 'prompt', prompt, tokens: 1 })),
    ...depths.map((depth): Test => {
      const name = depth === 1 ? `tg${tokens}` : `tg${tokens}@${depth}`
      return { name, kind: 'decode', prompt: depth, tokens: tokens + 1 }
    }),
  ]
}

/** Positions the tests need. */
export const contextOf = (tests: readonly Test[]): number =>
  Math.max(...tests.map(({ prompt, tokens }) => prompt + tokens))

/** A row per test and one for loading; ratios are the first engine's speed over each other one's. */
export function peerRows(
  model: string,
  fileBytes: number,
  tests: readonly Test[],
  engines: readonly Measurements[],
): PeerRow[] {
  const loads = engines.map(({ engine, loadsMs }) => ({ engine, speed: loadSpeed(fileBytes, loadsMs) }))
  return [
    ...tests.map((test) => {
      const measured = engines.map(({ engine, rounds }) => ({ engine, rounds: rounds.get(test.name) ?? [] }))
      const speeds = measured.map(({ engine, rounds }) => ({ engine, speed: testSpeed(test, rounds) }))
      return { ...row(model, test.name, 'tok/s', speeds), equalIds: equalIds(measured.map(({ rounds }) => rounds)) }
    }),
    row(model, 'load', 'MB/s', loads),
  ]
}

function row(model: string, test: string, unit: string, speeds: readonly { engine: string; speed: Speed }[]): PeerRow {
  const [first] = speeds
  const fields = speeds.flatMap(({ engine, speed }) => [
    ...Object.entries(speed).map(([statistic, value]) => [`${engine}.${statistic}`, value]),
    ...(engine === first?.engine
      ? []
      : [
          [`${engine}.ratioOfMedians`, first!.speed.median / speed.median],
          [`${engine}.ratioOfBests`, first!.speed.best / speed.best],
        ]),
  ])
  return { model, test, unit, ...Object.fromEntries(fields) }
}

/** Of every generation of some rounds. */
export const arrivalsOf = (rounds: readonly Generated[]): (readonly number[])[] =>
  rounds.flatMap(({ generations }) => generations.map(({ arrivalsMs }) => arrivalsMs))

function testSpeed(test: Test, rounds: readonly Generated[]): Speed {
  const times = arrivalsOf(rounds)
  if (test.kind === 'prompt') return spread(times.map(([firstMs]) => (test.prompt * 1000) / firstMs!))
  const { medianTokS, bestTokS, meanTokS } = decodeSpeed(times)
  return { median: medianTokS, best: bestTokS, mean: meanTokS }
}

const loadSpeed = (fileBytes: number, loadsMs: readonly number[]): Speed =>
  spread(loadsMs.map((ms) => fileBytes / 1e3 / ms))

function spread(speeds: readonly number[]): Speed {
  const mean = speeds.length / speeds.reduce((sum, speed) => sum + 1 / speed, 0)
  return { median: median(speeds), best: Math.max(...speeds), mean }
}

/** Greedy tokens that the first rounds of all engines that tell theirs begin with: a sign that they compute the same. */
function equalIds(engines: readonly (readonly Generated[])[]): number {
  const ids = engines.map((rounds) => rounds[0]?.generations[0]?.ids ?? [])
  const [first = [], ...others] = ids.filter((found) => found.length > 0)
  return Math.min(first.length, ...others.map((ids) => commonPrefix(first, ids)))
}

/** Share of one core that an engine used while it had nothing to do. */
export function idleShare({ rounds }: Measurements): number {
  const all = [...rounds.values()].flat()
  const idleMs = all.reduce((sum, round) => sum + round.idleMs, 0)
  return all.reduce((sum, round) => sum + round.idleCpuMs, 0) / idleMs
}
