// Python's two ways of filling values into a text: `'%s: %d' % (a, b)` and `'{}: {:>4}'.format(a, b)`.
import { asInteger } from './arguments.ts'
import type { Budget } from './budget.ts'
import { charactersBetween, pad, replaceMatches } from './python-text.ts'
import { floatText, integerText, represent, valueText } from './text.ts'
import { type Arguments, asNumber, isDict, TemplateFault, Tuple, told, typeName, type Value } from './values.ts'

const PERCENT = /%(?:\(([^()]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?(.?)/gs

/** `format % values`: a tuple fills one place per element, a dictionary by name, anything else a single place. */
export function formatPercent(format: string, values: Value, budget: Budget): string {
  const items = values instanceof Tuple ? values.items : [values]
  let next = 0
  const take = (): Value => {
    const value = items[next++]
    if (value === undefined) throw new TemplateFault('not enough arguments for format string')
    return value
  }
  const count = (text: string | undefined) => {
    return text === undefined ? undefined : text === '*' ? asInteger('%', take()) : Number(text)
  }
  const result = replaceMatches(
    format,
    PERCENT,
    ([, name, flags = '', widthText, digits, kind = '']) => {
      if (kind === '%') return '%'
      const width = count(widthText) ?? 0
      const asked = count(digits)
      const precision = asked === undefined ? undefined : Math.max(0, asked)
      const value = name === undefined ? take() : named(values, name, budget)
      const text = converted(
        value,
        { kind, precision, sign: signOf(flags), isGrouped: false, isAlternate: flags.includes('#') },
        budget,
      )
      if (flags.includes('-')) return pad(text, width, ' ', 'left', budget)
      return flags.includes('0') && 'diufFeEgGxXo'.includes(kind)
        ? zeroPad(text, width, budget)
        : pad(text, width, ' ', 'right', budget)
    },
    budget,
  )
  if (next < items.length && !isDict(values) && !Array.isArray(values)) {
    throw new TemplateFault('not all arguments converted during string formatting')
  }
  return result
}

function named(values: Value, name: string, budget: Budget): Value {
  if (!isDict(values)) throw new TemplateFault('format requires a mapping')
  budget.look(name.length)
  const value = values.get(name)
  if (value === undefined) throw new TemplateFault(told`format: expected a key '${name}', found none`)
  return value
}

/** What `%d` writes of a number: floats are cut. */
function wholePart(number: bigint | number): bigint {
  if (typeof number === 'bigint') return number
  if (!Number.isFinite(number)) throw new TemplateFault(told`cannot convert float ${floatText(number)} to integer`)
  return BigInt(Math.trunc(number))
}

const signOf = (flags: string): string => (flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '')

function zeroPad(text: string, width: number, budget: Budget): string {
  const sign = /^[-+ ]?/.exec(text)![0]
  return sign + pad(text.slice(sign.length), width - sign.length, '0', 'right', budget)
}

interface Conversion {
  readonly kind: string
  readonly precision: number | undefined
  readonly sign: string
  readonly isGrouped: boolean
  readonly isAlternate: boolean
}

function converted(value: Value, conversion: Conversion, budget: Budget): string {
  const { kind, precision } = conversion
  if (kind === 's' || kind === 'r' || kind === 'a') {
    const text = kind === 's' ? valueText(value, budget) : represent(value, budget)
    budget.look(text.length)
    return precision === undefined ? text : charactersBetween(text, 0, precision, budget)
  }
  if (kind === 'c') return character(value)
  const number = asNumber(value)
  if (number === undefined)
    throw new TemplateFault(told`%${kind} format: a real number is required, not ${typeName(value)}`)
  return numberText(number, conversion, budget)
}

function character(value: Value): string {
  if (typeof value === 'string' && value.length <= 2 && Array.from(value).length === 1) return value
  const code = typeof value === 'string' ? undefined : asNumber(value)
  if (typeof code === 'bigint' && code >= 0n && code <= 0x10ffffn) return String.fromCodePoint(Number(code))
  throw new TemplateFault(told`%c format: expected a character or its number, found ${typeName(value)}`)
}

const RADIX: Readonly<Record<string, readonly [number, string]>> = {
  b: [2, '0b'],
  o: [8, '0o'],
  x: [16, '0x'],
  X: [16, '0X'],
}
/** Digits after the point that JavaScript can give. */
const PRECISION_MAX = 100

function numberText(
  number: bigint | number,
  { kind, precision = 6, sign, isGrouped, isAlternate }: Conversion,
  budget: Budget,
): string {
  const isNegative = number < 0 || Object.is(number, -0)
  const size = isNegative ? -number : number
  const mark = isNegative ? '-' : sign
  if (precision > PRECISION_MAX)
    throw new TemplateFault(told`format: expected at most ${PRECISION_MAX} digits, found ${precision}`)
  let body: string
  const radix = RADIX[kind]
  if (radix !== undefined) {
    if (typeof size !== 'bigint')
      throw new TemplateFault(told`%${kind} format: an integer is required, not ${typeName(number)}`)
    body = integerText(size, budget, radix[0])
    body = (isAlternate ? radix[1] : '') + (kind === 'X' ? body.toUpperCase() : body)
  } else if ('diu'.includes(kind)) body = integerText(wholePart(size), budget)
  else if (!Number.isFinite(Number(size))) body = floatText(Number(size))
  else if (kind === 'f' || kind === 'F') body = Number(size).toFixed(precision)
  else if (kind === '%') body = `${(Number(size) * 100).toFixed(precision)}%`
  else if (kind === 'e' || kind === 'E') body = exponential(Number(size), precision)
  else if (kind === 'g' || kind === 'G') body = general(Number(size), precision)
  else throw new TemplateFault(told`format: unsupported format character '${kind}'`)
  if (isGrouped) body = body.replace(/^\d+/, grouped)
  return mark + (kind === 'E' || kind === 'G' ? body.toUpperCase() : body)
}

/** Digits with a comma in front of every three from the end. */
function grouped(digits: string): string {
  const first = digits.length % 3 || 3
  return digits.slice(0, first) + digits.slice(first).replace(/\d{3}/g, ',$&')
}

const exponential = (size: number, precision: number): string =>
  size.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')

function general(size: number, precision: number): string {
  const digits = Math.max(1, precision)
  const exponent = size === 0 ? 0 : Number(size.toExponential(digits - 1).split('e')[1])
  if (exponent < -4 || exponent >= digits) {
    const [mantissa = '', power = ''] = exponential(size, digits - 1).split('e')
    return `${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${power}`
  }
  const plain = size.toFixed(Math.min(PRECISION_MAX, Math.max(0, digits - 1 - exponent)))
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
}

const FIELD = /\{\{|\}\}|\{([^{}!:.[]*)((?:\.[^{}!:.[]+|\[[^\]{}]+\])*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]/g
const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?(,)?(?:\.(\d+))?([a-zA-Z%])?$/su

/** `format.format(...)`; `getItem` and `getAttribute` follow `{a.b}` and `{a[b]}`. */
export function formatBraces(
  format: string,
  { positional, named: byName }: Arguments,
  follow: (value: Value, part: string) => Value,
  budget: Budget,
): string {
  let next = 0
  const fill = ([all, name, path = '', conversion, spec = '']: RegExpExecArray): string => {
    if (all === '{{' || all === '}}') return all[0]!
    if (name === undefined) throw new TemplateFault(told`format: expected a complete {field}, found a single '${all}'`)
    const index = name === '' ? next++ : /^\d+$/.test(name) ? Number(name) : undefined
    let value = index === undefined ? byName.get(name) : positional[index]
    if (value === undefined) throw new TemplateFault(told`format: expected an argument for {${name}}, found none`)
    for (const [part] of path.matchAll(/\.[^.[]+|\[[^\]]+\]/g)) value = follow(value, part)
    if (conversion !== undefined) value = conversion === 's' ? valueText(value, budget) : represent(value, budget)
    return applySpec(value, spec, budget)
  }
  return replaceMatches(format, FIELD, fill, budget)
}

function applySpec(value: Value, spec: string, budget: Budget): string {
  if (spec === '') return valueText(value, budget)
  const match = SPEC.exec(spec)
  if (match === null) throw new TemplateFault(told`format: expected a format such as >8.2f, found ${spec}`)
  const [, fill, align, sign = '', alternate, zero, width = '0', comma, digits, kind] = match
  const number = typeof value === 'boolean' ? undefined : asNumber(value)
  const precision = digits === undefined ? undefined : Number(digits)
  let text: string
  if (number === undefined) text = converted(valueText(value, budget), plain(kind ?? 's', precision), budget)
  else {
    const isFloat = typeof number === 'number'
    if (isFloat && kind === 'd') throw new TemplateFault("Unknown format code 'd' for object of type 'float'")
    const kindOrDefault = kind ?? (isFloat ? (precision === undefined ? 'repr' : 'g') : 'd')
    text =
      kindOrDefault === 'repr' && typeof number === 'number'
        ? (number >= 0 ? sign.replace('-', '') : '') + floatText(number)
        : numberText(
            number,
            {
              kind: kindOrDefault,
              precision,
              sign: sign.replace('-', ''),
              isGrouped: comma !== undefined,
              isAlternate: alternate !== undefined,
            },
            budget,
          )
  }
  const wide = Number(width)
  if (align === '=' || (align === undefined && zero !== undefined && number !== undefined))
    return zeroPad(text, wide, budget)
  const alignment = align === '^' ? 'middle' : (align ?? (number === undefined ? '<' : '>')) === '<' ? 'left' : 'right'
  return pad(text, wide, fill ?? (zero === undefined ? ' ' : '0'), alignment, budget)
}

const plain = (kind: string, precision: number | undefined): Conversion => ({
  kind,
  precision,
  sign: '',
  isGrouped: false,
  isAlternate: false,
})
