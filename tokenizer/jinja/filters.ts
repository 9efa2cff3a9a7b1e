// Jinja's filters of single values: `value | name(...)`. Those of sequences are in sequence-filters.ts.
import { asInteger, asOptionalText, asText, type Filter, type Filtering, match, required, touch } from './arguments.ts'
import { methodOf } from './attributes.ts'
import type { Budget } from './budget.ts'
import { lengthOf } from './comparison.ts'
import { formatPercent } from './formatting.ts'
import { dumpJson, type JsonStyle } from './json.ts'
import {
  capitalized,
  characterCount,
  charactersBetween,
  matches,
  pad,
  replace,
  replaceMatches,
  splitLines,
  splitRight,
  strip,
} from './python-text.ts'
import { integerOf } from './read-integer.ts'
import { SEQUENCE_FILTERS } from './sequence-filters.ts'
import { stripTags } from './strip-tags.ts'
import { valueText } from './text.ts'
import {
  type Arguments,
  asNumber,
  defined,
  either,
  isTrue,
  TemplateFault,
  Tuple,
  told,
  Undefined,
  type Value,
} from './values.ts'

const textual =
  (name: string, change: (text: string, budget: Budget) => Value): Filter =>
  (value, args, { budget }) => {
    match(name, args, [])
    const text = valueText(value, budget)
    budget.look(text.length)
    return change(text, budget)
  }

const fallback: Filter = (value, args) => {
  const { default_value: other = '', boolean = false } = match('default', args, ['default_value', 'boolean'])
  return value instanceof Undefined || (isTrue(boolean) && !isTrue(value)) ? other : value
}

const length: Filter = (value, _args, { budget }) => BigInt(lengthOf(value, budget))

const indent: Filter = (value, args, { budget }) => {
  const { width = 4n, first = false, blank = false } = match('indent', args, ['width', 'first', 'blank'])
  const count = typeof width === 'string' ? width.length : Math.max(0, asInteger('indent', width))
  budget.characters(count)
  const indention = typeof width === 'string' ? width : ' '.repeat(count)
  const lines = splitLines(`${asText('indent', value)}\n`, budget)
  budget.characters(lines.reduce((sum, line) => sum + line.length + count + 1, 0))
  const begin = isTrue(first) ? indention : ''
  return begin + lines.map((line, i) => (i > 0 && (isTrue(blank) || line !== '') ? indention + line : line)).join('\n')
}

const tojson: Filter = (value, args, { budget }) => {
  const { ensure_ascii, indent, separators, sort_keys } = match('tojson', args, [
    'ensure_ascii',
    'indent',
    'separators',
    'sort_keys',
  ])
  const isIndented = indent !== undefined && indent !== null
  const [item, key] = separators instanceof Tuple ? separators.items : Array.isArray(separators) ? separators : []
  const style: JsonStyle = {
    indent: !isIndented ? undefined : typeof indent === 'string' ? indent : spaces(asInteger('tojson', indent), budget),
    itemSeparator: asText('tojson', item, isIndented ? ',' : ', '),
    keySeparator: asText('tojson', key, ': '),
    asciiOnly: isTrue(ensure_ascii ?? false),
    sortKeys: isTrue(sort_keys ?? false),
  }
  return dumpJson(value, style, budget)
}

function spaces(count: number, budget: Budget): string {
  budget.characters(Math.max(0, count))
  return ' '.repeat(Math.max(0, count))
}

// No two parts of it can take the same digit, so that a text that is no number is given up in one pass.
const FLOAT = /^[-+]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?$/
const SPECIAL = /^([-+]?)(inf|infinity|nan)$/i

/** Python's `float(value)`; undefined where that is an error. */
function floatOf(value: Value, budget: Budget): number | undefined {
  const number = asNumber(defined(value))
  if (number !== undefined) return Number(number)
  if (typeof value !== 'string') return undefined
  budget.scan(value.length)
  const text = strip(value, undefined, budget)
  const special = SPECIAL.exec(text)
  if (special !== null) {
    const size = special[2]!.toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY
    return special[1] === '-' ? -size : size
  }
  return FLOAT.test(text) ? Number(text.replaceAll('_', '')) : undefined
}

const toInteger: Filter = (value, args, { budget }) => {
  const { default: other = 0n, base = 10n } = match('int', args, ['default', 'base'])
  const radix = asInteger('int', base)
  if (typeof value === 'bigint') return value
  if (typeof value === 'string') {
    budget.scan(value.length)
    const integer = integerOf(strip(value, undefined, budget), radix, budget)
    if (integer !== undefined) return integer
  }
  const number = floatOf(value, budget)
  return number === undefined || !Number.isFinite(number) ? other : BigInt(Math.trunc(number))
}

const round: Filter = (value, args) => {
  const { precision = 0n, method = 'common' } = match('round', args, ['precision', 'method'])
  const number = asNumber(defined(value))
  if (number === undefined) throw new TemplateFault('round: expected a number')
  const digits = asInteger('round', precision)
  if (method === 'ceil' || method === 'floor') {
    const scale = powerOfTen(digits)
    return (method === 'ceil' ? Math.ceil(Number(number) * scale) : Math.floor(Number(number) * scale)) / scale
  }
  if (method !== 'common') throw new TemplateFault('method must be common, ceil or floor')
  return typeof number === 'bigint' && digits >= 0 ? number : halfEven(Number(number), digits)
}

/** Exact as a decimal is, which a power that an engine computes need not be. Throws for what no float holds. */
function powerOfTen(exponent: number): number {
  const power = Number(`1e${exponent}`)
  if (power > 0 && Number.isFinite(power)) return power
  throw new TemplateFault(told`round: expected a precision that a float can have, found ${exponent}`)
}

/** Of a power of ten that a float holds. */
const EXPONENT_MAX = 308

/** Python's `round`: to the nearest decimal, halves to the even one. */
function halfEven(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value
  if (digits < -EXPONENT_MAX) return value * 0
  if (digits < 0) {
    const scale = powerOfTen(-digits)
    return halfEven(value / scale, 0) * scale
  }
  if (digits === 0) {
    const rounded = Math.round(value)
    return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
  }
  // toFixed works on the exact binary value, so that a half is one only where it is exact.
  return digits > 20 ? value : Number(value.toFixed(digits))
}

const truncate: Filter = (value, args, { budget }) => {
  const given = match('truncate', args, ['length', 'killwords', 'end', 'leeway'])
  const end = asText('truncate', given.end, '...')
  const most = asInteger('truncate', given.length, 255)
  if (most < end.length) throw new TemplateFault(told`expected length >= ${end.length}, got ${most}`)
  if (lengthOf(value, budget) <= most + asInteger('truncate', given.leeway, 5)) return value
  const kept = charactersBetween(asText('truncate', value), 0, most - characterCount(end, budget), budget)
  return (isTrue(given.killwords ?? false) ? kept : splitRight(kept, ' ', 1, budget)[0]!) + end
}

/** What Jinja takes for a word: all up to white space, a hyphen or an opening bracket. */
const WORD = /[^-\s({[<]+/g

function title(text: string, budget: Budget): string {
  budget.scan(text.length)
  return replaceMatches(text, WORD, ([word]) => capitalized(word, budget), budget)
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' }
const escaped: Filter = textual('escape', (text, budget) =>
  replaceMatches(text, /[&<>'"]/g, ([mark]) => HTML[mark]!, budget),
)

function urlencode(text: string, budget: Budget): string {
  // A character becomes at most nine.
  budget.characters(9 * text.length)
  budget.scan(text.length)
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')).replace(/[!'()*]|%2F/g, (mark) =>
    mark === '%2F' ? '/' : `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function wordCount(text: string, budget: Budget): bigint {
  budget.scan(text.length)
  let count = 0n
  for (const _ of matches(/[\p{L}\p{N}_]+/gu, text, budget)) count++
  return count
}

const SINGLE_FILTERS: Readonly<Record<string, Filter>> = {
  abs: (value) => {
    const number = asNumber(defined(value))
    if (number === undefined) throw new TemplateFault('abs: expected a number')
    return number < 0 ? -number : number
  },
  attr: (value, args, { budget }) =>
    methodOf(value, asText('attr', required('attr', 'name', args.positional[0])), budget),
  capitalize: textual('capitalize', capitalized),
  center: (value, args, { budget }) => {
    const { width } = match('center', args, ['width'])
    return pad(valueText(value, budget), asInteger('center', width, 80), ' ', 'center', budget)
  },
  count: length,
  d: fallback,
  default: fallback,
  e: escaped,
  escape: escaped,
  float: (value, args, { budget }) => {
    const { default: other = 0 } = match('float', args, ['default'])
    return either(floatOf(value, budget), other)
  },
  forceescape: escaped,
  format: (value, { positional, named }, { budget }) =>
    formatPercent(valueText(value, budget), named.size > 0 ? new Map(named) : new Tuple(positional), budget),
  indent,
  int: toInteger,
  length,
  lower: textual('lower', (text) => text.toLowerCase()),
  replace: (value, args, { budget }) => {
    const { old, new: replacement, count } = match('replace', args, ['old', 'new', 'count'])
    const [from, to] = [required('replace', 'old', old), required('replace', 'new', replacement)]
    const most = asInteger('replace', count ?? undefined, -1)
    return replace(valueText(value, budget), valueText(from, budget), valueText(to, budget), most, budget)
  },
  round,
  safe: (value, _args, { budget }) => valueText(value, budget),
  string: textual('string', (text) => text),
  striptags: textual('striptags', stripTags),
  title: textual('title', title),
  tojson,
  trim: (value, args, { budget }) => {
    const { chars } = match('trim', args, ['chars'])
    return strip(valueText(value, budget), asOptionalText('trim', chars), budget)
  },
  truncate,
  upper: textual('upper', (text) => text.toUpperCase()),
  urlencode: textual('urlencode', urlencode),
  wordcount: textual('wordcount', wordCount),
}

export const FILTERS: Readonly<Record<string, Filter>> = { ...SINGLE_FILTERS, ...SEQUENCE_FILTERS }

/** They see a value from outside, or wait until they are read: they cost the same for every size. */
const UNSIZED_FILTERS: ReadonlySet<string> = new Set([
  ...['attr', 'd', 'default', 'items', 'map', 'reject', 'rejectattr', 'select', 'selectattr', 'unique'],
])

/** Charges what the filter passes over and runs it. Throws for a filter that Jinja does not have. */
export function applyFilter(name: string, value: Value, args: Arguments, filtering: Filtering): Value {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined
  if (filter === undefined) throw new TemplateFault(told`expected a filter that Jinja has, found '${name}'`)
  if (!UNSIZED_FILTERS.has(name)) touch(value, args, filtering.budget)
  return filter(value, args, filtering)
}
