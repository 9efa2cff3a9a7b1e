// What emulated models say: a text drawn from a hash of the position, a drafter whose luck is drawn likewise, and how long
// a stage takes this time. The same for every policy, on the virtual clock and on real threads.
import type { PipelineSetting } from './setting.ts'

export const VOCABULARY = 1000
const SEED = 1

/** The token the target draws for a position. */
export const rightToken = (position: number): number => mix(SEED, position) % VOCABULARY

/** What the drafter says about a position; `isRight`: what it assumes before is the text. */
export function guessToken(setting: DrafterSetting, position: number, isRight: boolean): number {
  return (rightToken(position) + (isRight && isGuessed(setting, position) ? 0 : 1)) % VOCABULARY
}

type DrafterSetting = Pick<PipelineSetting, 'accuracy' | 'spread'>

/** The drafter's chance at a position. */
export function chanceAt({ accuracy, spread = 0 }: DrafterSetting, position: number): number {
  const shift = (mix(SEED + 2, position) / 2 ** 32) * 2 - 1
  return Math.min(1, Math.max(0, accuracy + spread * shift))
}

/** Whether the drafter is right about a position, where what it assumes is right. */
const isGuessed = (setting: DrafterSetting, position: number): boolean =>
  mix(SEED + 1, position) / 2 ** 32 < chanceAt(setting, position)

/** How often the drafter is right in a run of `tokens` tokens: near the setting's accuracy. */
export function drawnAccuracy(setting: DrafterSetting, tokens: number): number {
  let right = 0
  for (let position = 2; position <= tokens; position++) if (isGuessed(setting, position)) right++
  return right / (tokens - 1)
}

/** What the time of stage `stage` for micro-batch `number` is multiplied by. */
export function jitterFactor({ jitter = 0 }: Pick<PipelineSetting, 'jitter'>, stage: number, number: number): number {
  return jitter === 0 ? 1 : 1 + jitter * ((mix(SEED + 3 + stage, number) / 2 ** 32) * 2 - 1)
}

/** A 32-bit hash of two integers. */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b ^ 0x7f4a7c15, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}
