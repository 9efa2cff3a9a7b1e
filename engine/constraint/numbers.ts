// Numbers as JSON writes them, between bounds where the schema has some. Digits are bounded, so that a number comes to
// its end and is one that a double holds: integers have up to 15 digits, and a number between bounds has up to 15 in all,
// by which different decimals stay different doubles. Pure.
import { edgesTo } from './characters.ts'
import { type Edge, type GrammarBuilder, NOTHING, type StateId } from './grammar.ts'
import type { Bound, NumberBounds, NumberForm, Step } from './number-form.ts'

/** Decimal digits that a double keeps apart. */
const DOUBLE_DIGITS_MAX = 15
const EXPONENT_DIGITS_MAX = 2
/** Powers of ten, by how many digits are missing behind the point. */
const TENS = [1, 10, 100, 1000, 10_000] as const

/** A number between the bounds, then `to`. `NOTHING` where there is none of so few digits. */
export function numberWithin(builder: GrammarBuilder, bounds: NumberBounds, form: NumberForm, to: StateId): StateId {
  const { minimum, maximum } = bounds
  const { kind, step } = form
  if (!minimum && !maximum && kind !== 'fraction' && step.digits > TENS.length)
    return anyNumber(builder, kind === 'integer', to)
  const magnitudes = new Magnitudes(builder, form, to)
  const positive = maximum && maximum.value < 0 ? NOTHING : magnitudes.between(floor(minimum), maximum)
  const negative =
    minimum && minimum.value >= 0 ? NOTHING : magnitudes.between(floor(negated(maximum)), negated(minimum))
  const alternatives = [positive, negative === NOTHING ? NOTHING : builder.text('-', negative)]
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
    end = builder.anyOf(afterFraction, builder.text('.', digitsAfterFirst(DOUBLE_DIGITS_MAX, afterFraction)))
  }
  const whole = builder.edges(...edgesTo(end, '0'), ...edgesTo(digits(DOUBLE_DIGITS_MAX - 1, end), '19'))
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

interface TightBound extends Decimal {
  readonly isExclusive: boolean
}

/** Numbers of at least 0. Digits before the point all have the same number: one branch per length. */
class Magnitudes {
  readonly #builder: GrammarBuilder
  readonly #form: NumberForm
  readonly #to: StateId
  /** What follows digits that are between the bounds for good. */
  readonly #free = new Map<string, StateId>()

  constructor(builder: GrammarBuilder, form: NumberForm, to: StateId) {
    this.#builder = builder
    this.#form = form
    this.#to = to
  }

  between(low: Bound, high: Bound | undefined): StateId {
    const least = decimalOf(low.value)
    const most = high && decimalOf(high.value)
    const branches: StateId[] = []
    const longest = Math.min(DOUBLE_DIGITS_MAX, most?.whole.length ?? DOUBLE_DIGITS_MAX)
    for (let length = least.whole.length; length <= longest; length++) {
      const tightLow = length === least.whole.length ? { ...least, isExclusive: low.isExclusive } : undefined
      const tightHigh =
        most && high && length === most.whole.length ? { ...most, isExclusive: high.isExclusive } : undefined
      const digits = { length, low: tightLow, high: tightHigh }
      branches.push(new DecimalBranch(this.#builder, this.#form, digits, this.#free, this.#to).start())
    }
    return this.#builder.anyOf(...branches.filter((state) => state !== NOTHING))
  }
}

/** Digits before the point, and the bounds that are tight from the start. */
interface BranchDigits {
  readonly length: number
  readonly low: TightBound | undefined
  readonly high: TightBound | undefined
}

/** What is known of a number after some of its digits. */
interface Sofar {
  /** Digits before or behind the point. */
  readonly at: number
  /** They are those of the bound, which limits the next one; once they differ, the bound is met for good. */
  readonly isLow: boolean
  readonly isHigh: boolean
  readonly remainder: number
  /** The last digit was 0, or there was none behind the point. */
  readonly isZero: boolean
}

const isAllowed = ({ multiples, others }: Step, digits: number): boolean =>
  multiples.every((one) => digits % one === 0) && !others.some((one) => digits % one === 0)

class DecimalBranch {
  readonly #builder: GrammarBuilder
  readonly #form: NumberForm
  readonly #length: number
  readonly #fractionMax: number
  readonly #low: TightBound | undefined
  readonly #high: TightBound | undefined
  readonly #free: Map<string, StateId>
  readonly #to: StateId
  readonly #known = new Map<string, StateId>()

  constructor(
    builder: GrammarBuilder,
    form: NumberForm,
    { length, low, high }: BranchDigits,
    free: Map<string, StateId>,
    to: StateId,
  ) {
    this.#builder = builder
    this.#form = form
    this.#length = length
    this.#fractionMax = form.kind === 'integer' ? 0 : Math.min(DOUBLE_DIGITS_MAX - length, form.step.digits)
    this.#low = low
    this.#high = high
    this.#free = free
    this.#to = to
  }

  start(): StateId {
    const isLow = this.#low !== undefined
    return this.#whole({ at: 0, isLow, isHigh: this.#high !== undefined, remainder: 0, isZero: true })
  }

  /** After digits before the point. */
  #whole(sofar: Sofar): StateId {
    const { at, isLow, isHigh } = sofar
    if (at === this.#length) return this.#once('point', sofar, () => this.#afterWhole(sofar))
    const low = isLow ? Number(this.#low!.whole[at]) : 0
    const high = isHigh ? Number(this.#high!.whole[at]) : 9
    const least = at === 0 && this.#length > 1 ? Math.max(1, low) : low
    return this.#once('whole', sofar, () =>
      this.#digits(least, high, (digit) => this.#whole(this.#after(sofar, digit, low, high))),
    )
  }

  #after({ at, isLow, isHigh, remainder }: Sofar, digit: number, low: number, high: number): Sofar {
    return {
      at: at + 1,
      isLow: isLow && digit === low,
      isHigh: isHigh && digit === high,
      remainder: (remainder * 10 + digit) % this.#form.step.of,
      isZero: digit === 0,
    }
  }

  #afterWhole({ isLow, isHigh, remainder }: Sofar): StateId {
    const sofar = { at: 0, isLow, isHigh, remainder, isZero: true }
    const fraction = this.#fractionMax > 0 ? this.#fraction(sofar) : NOTHING
    const alternatives = [
      this.#mayEnd(sofar) ? this.#to : undefined,
      fraction === NOTHING ? undefined : this.#builder.text('.', fraction),
    ]
    return this.#builder.anyOf(...alternatives)
  }

  /** After digits behind the point; at least one more follows. */
  #fraction(sofar: Sofar): StateId {
    const { at, isLow, isHigh } = sofar
    const low = isLow ? Number(this.#low!.fraction[at] ?? 0) : 0
    const high = isHigh ? Number(this.#high!.fraction[at] ?? 0) : 9
    return this.#once('fraction', sofar, () =>
      this.#digits(low, high, (digit) => this.#afterDigit(this.#after(sofar, digit, low, high))),
    )
  }

  /** After digits behind the point, which may be all. */
  #afterDigit(sofar: Sofar): StateId {
    return this.#once('digit', sofar, () => {
      const more = sofar.at < this.#fractionMax ? this.#fraction(sofar) : NOTHING
      return this.#builder.anyOf(this.#mayEnd(sofar) ? this.#to : undefined, more === NOTHING ? undefined : more)
    })
  }

  /** Whether a number that ends here keeps the bounds that are still tight, is a multiple, and of its kind. */
  #mayEnd({ at, isLow, isHigh, remainder, isZero }: Sofar): boolean {
    const { kind, step } = this.#form
    const low = this.#low
    const high = this.#high
    const isAbove = !isLow || !low || (low.fraction.length <= at && !low.isExclusive)
    const isBelow = !isHigh || !high || high.fraction.length > at || !high.isExclusive
    const isMultiple = step.digits > TENS.length || isAllowed(step, remainder * TENS[step.digits - at]!)
    return isAbove && isBelow && isMultiple && (kind !== 'fraction' || !isZero)
  }

  /** A digit from `least` to `most`; where it leads is the same for all between the two ends. */
  #digits(least: number, most: number, next: (digit: number) => StateId): StateId {
    const edges: Edge[] = []
    for (let digit = least; digit <= most; digit++) {
      const to = next(digit)
      const byte = 0x30 + digit
      const last = edges.at(-1)
      if (last && last[2] === to && last[1] === byte - 1) edges[edges.length - 1] = [last[0], byte, to]
      else if (to !== NOTHING) edges.push([byte, byte, to])
    }
    return edges.length === 0 ? NOTHING : this.#builder.edges(...edges)
  }

  #once(place: string, { at, isLow, isHigh, remainder, isZero }: Sofar, make: () => StateId): StateId {
    const isFree = !isLow && !isHigh && at > 0
    const left = place === 'whole' || place === 'point' ? `${this.#length - at} left` : `${at} behind`
    const zero = this.#form.kind === 'fraction' && place === 'digit' && isZero ? 'zero' : ''
    const name = `${place} ${left} ${this.#fractionMax} ${isLow} ${isHigh} ${remainder} ${zero}`
    const known = (isFree ? this.#free : this.#known).get(name)
    if (known !== undefined) return known
    const state = make()
    const kept = isFree ? this.#free : this.#known
    kept.set(name, state)
    return state
  }
}
