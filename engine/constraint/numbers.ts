// Numbers as JSON writes them, between bounds where the schema has some. Digits are bounded, so that a number comes to
// its end and is one that a double holds: integers have up to 15 digits, and a number between bounds has up to 15 in all,
// by which different decimals stay different doubles. Pure.
import { edgesTo } from './characters.ts'
import { type Edge, type GrammarBuilder, NOTHING, type StateId } from './grammar.ts'

/** Decimal digits that a double keeps apart. */
const DIGITS_MAX = 15
const EXPONENT_DIGITS_MAX = 2

export interface Bound {
  readonly value: number
  /** The value itself is out of bounds. */
  readonly isExclusive: boolean
}

/** The smallest and the largest number; undefined where there is none. */
export interface NumberBounds {
  readonly minimum: Bound | undefined
  readonly maximum: Bound | undefined
}

/** A number between the bounds, then `to`. `NOTHING` where there is none of so few digits. */
export function numberWithin(builder: GrammarBuilder, bounds: NumberBounds, isInteger: boolean, to: StateId): StateId {
  const { minimum, maximum } = bounds
  if (!minimum && !maximum) return anyNumber(builder, isInteger, to)
  const positive = maximum && maximum.value < 0 ? undefined : magnitude(builder, floor(minimum), maximum, isInteger, to)
  const negative =
    minimum && minimum.value >= 0
      ? undefined
      : magnitude(builder, floor(negated(maximum)), negated(minimum), isInteger, to)
  const alternatives = [positive, negative && negative !== NOTHING ? builder.text('-', negative) : undefined]
  return builder.anyOf(...alternatives.filter((state) => state !== NOTHING))
}

const negated = (bound: Bound | undefined): Bound | undefined => bound && { ...bound, value: -bound.value }

/** The bound of a magnitude, which is at least 0. */
const floor = (bound: Bound | undefined): Bound =>
  bound && bound.value >= 0 ? bound : { value: 0, isExclusive: false }

function anyNumber(builder: GrammarBuilder, isInteger: boolean, to: StateId): StateId {
  /** Up to `count` more digits. */
  const digits = (count: number, after: StateId): StateId =>
    count === 0 ? after : builder.anyOf(after, builder.edges(...edgesTo(digits(count - 1, after), '09')))
  const digitsAfterFirst = (count: number, after: StateId) => builder.edges(...edgesTo(digits(count - 1, after), '09'))
  let end = to
  if (!isInteger) {
    const power = digitsAfterFirst(EXPONENT_DIGITS_MAX, to)
    const exponent = builder.edges(
      ...edgesTo(builder.anyOf(power, builder.edges(...edgesTo(power, '+', '-'))), 'E', 'e'),
    )
    const afterFraction = builder.anyOf(to, exponent)
    end = builder.anyOf(afterFraction, builder.text('.', digitsAfterFirst(DIGITS_MAX, afterFraction)))
  }
  const whole = builder.edges(...edgesTo(end, '0'), ...edgesTo(digits(DIGITS_MAX - 1, end), '19'))
  return builder.anyOf(whole, builder.text('-', whole))
}

/** A decimal of at least 0: its digits before the point, and those after it up to the last that is not 0. */
interface Decimal {
  readonly whole: string
  readonly fraction: string
}

function decimalOf(value: number): Decimal {
  const [mantissa = '', power = '0'] = String(value).split('e')
  const [before = '', after = ''] = mantissa.split('.')
  const shift = Number(power)
  const zeros = '0'.repeat(Math.abs(shift))
  const digits = shift < 0 ? zeros + before + after : before + after + zeros
  const point = shift < 0 ? before.length : before.length + shift
  return {
    whole: digits.slice(0, point).replace(/^0+(?=.)/, ''),
    fraction: digits.slice(point).replace(/0+$/, ''),
  }
}

/** Digits before the point all have the same number: one branch per length. */
function magnitude(
  builder: GrammarBuilder,
  low: Bound,
  high: Bound | undefined,
  isInteger: boolean,
  to: StateId,
): StateId {
  const least = decimalOf(low.value)
  const most = high && decimalOf(high.value)
  const branches: StateId[] = []
  for (let length = least.whole.length; length <= Math.min(DIGITS_MAX, most?.whole.length ?? DIGITS_MAX); length++) {
    const tightLow = length === least.whole.length ? { ...least, isExclusive: low.isExclusive } : undefined
    const tightHigh =
      most && high && length === most.whole.length ? { ...most, isExclusive: high.isExclusive } : undefined
    const fractionMax = isInteger ? 0 : DIGITS_MAX - length
    const branch = new DecimalBranch(builder, { length, fractionMax, low: tightLow, high: tightHigh }, to)
    branches.push(branch.wholeFrom(0, tightLow !== undefined, tightHigh !== undefined))
  }
  return builder.anyOf(...branches.filter((state) => state !== NOTHING))
}

interface TightBound extends Decimal {
  readonly isExclusive: boolean
}

interface DecimalShape {
  /** Digits before the point. */
  readonly length: number
  /** Most digits after it. */
  readonly fractionMax: number
  readonly low: TightBound | undefined
  readonly high: TightBound | undefined
}

/**
 * Decimals of one shape. While the digits so far are those of a bound, it is tight and limits
 * the next digit; once they differ, it is met for good.
 */
class DecimalBranch {
  readonly #builder: GrammarBuilder
  readonly #length: number
  readonly #fractionMax: number
  readonly #low: TightBound | undefined
  readonly #high: TightBound | undefined
  readonly #to: StateId
  readonly #known = new Map<string, StateId>()

  constructor(builder: GrammarBuilder, { length, fractionMax, low, high }: DecimalShape, to: StateId) {
    this.#builder = builder
    this.#length = length
    this.#fractionMax = fractionMax
    this.#low = low
    this.#high = high
    this.#to = to
  }

  /** After `at` digits before the point. */
  wholeFrom(at: number, isLow: boolean, isHigh: boolean): StateId {
    const low = isLow ? Number(this.#low!.whole[at]) : 0
    const high = isHigh ? Number(this.#high!.whole[at]) : 9
    const least = at === 0 && this.#length > 1 ? Math.max(1, low) : low
    return this.#once(`whole ${at} ${isLow} ${isHigh}`, () =>
      at === this.#length
        ? this.#afterWhole(isLow, isHigh)
        : this.#digits(least, high, (digit) =>
            this.wholeFrom(at + 1, isLow && digit === low, isHigh && digit === high),
          ),
    )
  }

  #afterWhole(isLow: boolean, isHigh: boolean): StateId {
    const fraction = this.#fractionMax > 0 ? this.#fractionFrom(0, isLow, isHigh) : NOTHING
    const alternatives = [
      this.#mayEnd(0, isLow, isHigh) ? this.#to : undefined,
      fraction === NOTHING ? undefined : this.#builder.text('.', fraction),
    ]
    return this.#builder.anyOf(...alternatives)
  }

  /** After `at` digits behind the point; at least one more follows. */
  #fractionFrom(at: number, isLow: boolean, isHigh: boolean): StateId {
    const low = isLow ? Number(this.#low!.fraction[at] ?? 0) : 0
    const high = isHigh ? Number(this.#high!.fraction[at] ?? 0) : 9
    return this.#once(`fraction ${at} ${isLow} ${isHigh}`, () =>
      this.#digits(low, high, (digit) => this.#afterDigit(at + 1, isLow && digit === low, isHigh && digit === high)),
    )
  }

  /** After `at` digits behind the point, which may be all. */
  #afterDigit(at: number, isLow: boolean, isHigh: boolean): StateId {
    return this.#once(`digit ${at} ${isLow} ${isHigh}`, () => {
      const more = at < this.#fractionMax ? this.#fractionFrom(at, isLow, isHigh) : NOTHING
      const end = this.#mayEnd(at, isLow, isHigh) ? this.#to : undefined
      return this.#builder.anyOf(end, more === NOTHING ? undefined : more)
    })
  }

  /** Whether a number that ends after `digits` digits behind the point keeps the bounds that are still tight. */
  #mayEnd(digits: number, isLow: boolean, isHigh: boolean): boolean {
    const low = this.#low
    const high = this.#high
    const isAbove = !isLow || !low || (low.fraction.length <= digits && !low.isExclusive)
    const isBelow = !isHigh || !high || high.fraction.length > digits || !high.isExclusive
    return isAbove && isBelow
  }

  /** A digit from `least` to `most`; where it leads is the same for all between the two ends. */
  #digits(least: number, most: number, next: (digit: number) => StateId): StateId {
    const edges: Edge[] = []
    for (let digit = least; digit <= most; digit++) {
      const to = next(digit)
      const byte = 0x30 + digit
      const last = edges.at(-1)
      if (last && last[2] === to) edges[edges.length - 1] = [last[0], byte, to]
      else if (to !== NOTHING) edges.push([byte, byte, to])
    }
    return edges.length === 0 ? NOTHING : this.#builder.edges(...edges)
  }

  #once(name: string, make: () => StateId): StateId {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const state = make()
    this.#known.set(name, state)
    return state
  }
}
