// What the figures of a generation mean, in sentences: how fast the model came up and read, and whether speculation helped.
// Pure.
import type { GenerateStats } from '../../index.ts'

/** Within this much of plain decoding nothing can be said: two runs of the same text differ by more. */
const NO_DIFFERENCE = 0.03

const seconds = (ms: number): string => `${(ms / 1000).toPrecision(3)} s`
const speed = (tokS: number): string => `${tokS < 100 ? tokS.toPrecision(3) : Math.round(tokS)} tok/s`
const percent = (share: number): string => `${Math.round(100 * share)}%`
const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** A line each. */
export function answersOf(loadMs: number, stats: GenerateStats): string[] {
  const { promptTokens, reusedTokens, promptMs, promptTokS } = stats
  const read = `${counted(promptTokens - reusedTokens, 'prompt token')} in ${seconds(promptMs)}`
  return [
    `loaded in ${seconds(loadMs)}; read ${read}${promptTokS === null ? '' : ` (${speed(promptTokS)})`}`,
    `${didSpeculationHelp(stats)}${whereTimeWent(stats)}`,
  ]
}

/** Whether speculation helped: this run against what plain decoding is forecast to take. */
export function didSpeculationHelp(stats: GenerateStats): string {
  const { policy, drafter, tokens, tokS, decodeMs, drafted, accepted, plainTokS, plainIsBound, speedup } = stats
  if (tokS === 0) return `speculation (${policy}): too few tokens to compare anything`
  const run = `${counted(tokens, 'token')} in ${seconds(decodeMs)}, ${speed(tokS)}`
  if (policy === 'off') return `speculation was off: ${run}, is the speed of plain decoding`
  const guesses =
    drafted === 0
      ? 'no guess was sent'
      : `${accepted} of ${drafted} guesses were right (${percent(accepted / drafted)})`
  const how = `${policy}, ${drafter}: ${guesses}`
  if (plainTokS === null || speedup === null) {
    return `speculation (${how}): ${run}; what plain decoding takes is not known, no step could be measured alone`
  }
  const plainMs = (decodeMs * tokS) / plainTokS
  const forecast = plainIsBound
    ? `plain decoding is forecast to take ${seconds(plainMs)} at most (${speed(plainTokS)} or more; every step had guesses)`
    : `plain decoding is forecast to take ${seconds(plainMs)} (${speed(plainTokS)}, from steps without guesses)`
  return `speculation ${verdictOf(speedup, plainIsBound)} (${how}): ${run}; ${forecast}`
}

function verdictOf(speedup: number, isBound: boolean): string {
  const times = `${speedup.toPrecision(3)} times the speed`
  if (speedup < 1 - NO_DIFFERENCE) return `cost time, ${times}${isBound ? ' or less' : ''}`
  if (isBound) return `may have helped, ${times} at most`
  return speedup <= 1 + NO_DIFFERENCE ? `made no difference, ${times}` : `helped, ${times}`
}

/** Of the time from the first token to the last. */
function whereTimeWent({ decodeMs, targetMs, drafterMs, waitingMs, drafter }: GenerateStats): string {
  if (decodeMs <= 0) return ''
  const share = (ms: number) => percent(ms / decodeMs)
  const drafting = drafter === null ? '' : `, the drafter ${share(drafterMs)}`
  return `; the target computed ${share(targetMs)} of the time${drafting}, and the target waited ${share(waitingMs)}`
}
