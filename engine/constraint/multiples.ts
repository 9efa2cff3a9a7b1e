// Multiples of numbers: by their remainder where it is exact in decimals and in doubles, else one by one. Pure.
import { type GrammarBuilder, NOTHING, type StateId } from './grammar.ts'
import type { NumberBounds, NumberType, Step } from './number-form.ts'

const NO_STEP: Step = { of: 1, digits: Number.POSITIVE_INFINITY, multiples: [], others: [] }
const REMAINDERS_MAX = 1000
/** Parts of one that are exact, their digits behind the point, and the units of the last digit that each is. */
const PARTS = [
  [1, 0, 1],
  [2, 1, 5],
  [4, 2, 25],
  [8, 3, 125],
  [16, 4, 625],
] as const
/** Multiples that are tried and written one by one. */
const LISTED_MULTIPLES_MAX = 4096

/** Steps of halves, quarters, eighths, sixteenths are exact in both; undefined for others and for long ones. */
export function stepOf(steps: readonly number[], otherSteps: readonly number[]): Step | undefined {
  const all = [...steps, ...otherSteps]
  if (all.length === 0) return NO_STEP
  const parts = PARTS.find(([count]) => all.every((step) => Number.isInteger(step * count)))
  if (parts === undefined) return undefined
  const [count, digits, units] = parts
  const scaled = (step: number) => step * count * units
  const of = all.reduce((least, step) => leastMultiple(least, scaled(step)), 1)
  if (of > REMAINDERS_MAX) return undefined
  return { of, digits, multiples: steps.map(scaled), others: otherSteps.map(scaled) }
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
const leastMultiple = (a: number, b: number): number => (a / divisor(a, b)) * b

interface Multiples {
  readonly steps: readonly number[]
  readonly otherSteps: readonly number[]
  readonly kind: NumberType
}

/** Those nearest to zero within the bounds, as far as doubles agree that they are multiples. */
export function multiplesWithin(
  builder: GrammarBuilder,
  { minimum, maximum }: NumberBounds,
  { steps, otherSteps, kind }: Multiples,
  to: StateId,
): StateId {
  const step = steps.length === 0 ? 1 : Math.max(...steps)
  const isWithin = (value: number): boolean =>
    !(minimum && (value < minimum.value || (minimum.isExclusive && value === minimum.value))) &&
    !(maximum && (value > maximum.value || (maximum.isExclusive && value === maximum.value)))
  const isMultiple = (value: number) =>
    steps.every((one) => Number.isInteger(value / one)) && !otherSteps.some((one) => Number.isInteger(value / one))
  const isKind = (value: number) => kind === 'number' || Number.isInteger(value) === (kind === 'integer')
  const from = minimum && minimum.value > 0 ? Math.floor(minimum.value / step) : 0
  const nearest = maximum && maximum.value < 0 ? Math.ceil(maximum.value / step) : from
  const values = new Set<number>()
  for (let i = 0; i < LISTED_MULTIPLES_MAX; i++) {
    for (const count of [nearest + i, nearest - i]) {
      const value = Number((count * step).toPrecision(15))
      if (Number.isFinite(value) && isWithin(value) && isMultiple(value) && isKind(value)) values.add(value || 0)
    }
  }
  const texts = [...values].map((value) => new TextEncoder().encode(JSON.stringify(value)))
  return texts.length === 0 ? NOTHING : builder.oneOf(texts, to)
}
