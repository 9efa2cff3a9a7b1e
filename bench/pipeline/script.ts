// What emulated models say: a text drawn from a hash of the position, a drafter whose luck is drawn likewise, and how long
// a stage takes this time. The same for every policy, on the virtual clock and on real threads.
import { mix } from '../forge/random.ts'
import type { PipelineSetting } from './setting.ts'

export const VOCABULARY = 1000
const SEED = 1

/** The token the target draws for a position. */
export const rightToken = (position: number): number => mix(SEED, position) % VOCABULARY

/** Tokens of a stretch of text that does or does not repeat what was before. */
const STRETCH_TOKENS = 40
/** Elsewhere: how often a drafter that copies has a guess, and its chance there. */
const NOVEL_GUESSED = 0.05
const NOVEL_ACCURACY = 0.1

/** What the drafter says about a position; `isRight`: what it assumes before is the text. */
export function guessToken(setting: DrafterSetting, position: number, isRight: boolean): number {
  return (rightToken(position) + (isRight && isGuessed(setting, position) ? 0 : 1)) % VOCABULARY
}

type DrafterSetting = Pick<PipelineSetting, 'accuracy' | 'spread' | 'repeats'>

const isNovel = ({ repeats = 1 }: DrafterSetting, position: number): boolean =>
  drawAt(SEED + 4, Math.floor(position / STRETCH_TOKENS)) >= repeats

/** Whether the drafter has a guess for a position at all. */
export const hasGuess = (setting: DrafterSetting, position: number): boolean =>
  !isNovel(setting, position) || drawAt(SEED + 5, position) < NOVEL_GUESSED

/** The drafter's chance at a position, where it has a guess. */
export function chanceAt(setting: DrafterSetting, position: number): number {
  const { accuracy, spread = 0 } = setting
  if (isNovel(setting, position)) return NOVEL_ACCURACY
  const shift = drawAt(SEED + 2, position) * 2 - 1
  return Math.min(1, Math.max(0, accuracy + spread * shift))
}

/** Whether the drafter is right about a position, where what it assumes is right. */
export const isGuessed = (setting: DrafterSetting, position: number): boolean =>
  hasGuess(setting, position) && drawAt(SEED + 1, position) < chanceAt(setting, position)

/** What the time of stage `stage` for micro-batch `number` is multiplied by. */
export function jitterFactor({ jitter = 0 }: Pick<PipelineSetting, 'jitter'>, stage: number, number: number): number {
  return jitter === 0 ? 1 : 1 + jitter * (drawAt(SEED + 100 + stage, number) * 2 - 1)
}

/** Uniform in [0, 1). */
const drawAt = (seed: number, at: number): number => mix(seed, at) / 2 ** 32

/** Rows of the groups that live. */
export const aliveRows = (groupRows: readonly number[], alive: number): number =>
  groupRows.reduce((sum, rows, group) => sum + ((alive >>> group) & 1) * rows, 0)
