// What policy `auto` did and why, as one line for people.
import type { AutoReport } from './autopilot.ts'

const name = (policy: string, depth: number) => (policy === 'off' ? 'off' : `${policy} ${depth}`)
const figure = (value: number) => (Number.isFinite(value) ? value.toPrecision(3) : 'unknown')

/** `sync 3 (predicted 38, measured 37 tok/s) of off 27, sync 3 38, pipe 4 31; ...` */
export function describeAuto(report: AutoReport): string {
  const { policy, depth, predictedTokS, measuredTokS, forecasts, acceptance, draftMs, rowsMs, changes, trials } = report
  const others = forecasts.map((forecast) => `${name(forecast.policy, forecast.depth)} ${figure(forecast.tokS)}`)
  return (
    `auto: ${name(policy, depth)} (predicted ${figure(predictedTokS)}, measured ${figure(measuredTokS)} tok/s) ` +
    `of ${others.join(', ')}; right ${figure(acceptance)}, draft ${figure(draftMs)} ms, ` +
    `1 to 8 rows ${rowsMs.map(figure).join('/')} ms; ${changes} changes, ${trials} trials`
  )
}
