// Literals as Python writes them, read while they stream in. Pure.
import { INTEGER_DIGITS_MAX } from '../jinja/budget.ts'
import type { Dict, Value } from '../jinja/values.ts'
import { type CallText, NoCall, type Reading } from './call-text.ts'

/** As much as a word or a number may consist of. */
export const PYTHON_WORD: RegExp = /[-+.\w]*/y
const INTEGER = /^[-+]?\d+$/
const FLOAT = /^[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$/
/** Python's words and JSON's. */
const WORDS: ReadonlyMap<string, Value> = new Map([
  ...(['True', 'true'] as const).map((word) => [word, true] as const),
  ...(['False', 'false'] as const).map((word) => [word, false] as const),
  ...(['None', 'null'] as const).map((word) => [word, null] as const),
])
const VALUE_NESTING_MAX = 100

/** A literal. */
export function* readPythonValue(text: CallText, nesting: number): Reading<Value> {
  if (nesting > VALUE_NESTING_MAX) throw new NoCall()
  const mark = yield* text.takeOneOf(['[', '(', '{', ...QUOTES])
  if (mark === undefined) return pythonScalar(yield* text.run(PYTHON_WORD))
  if (mark === '{') return yield* readDict(text, nesting)
  if (mark === '[' || mark === '(') return yield* readList(text, mark === '[' ? ']' : ')', nesting)
  return yield* readText(text, mark)
}

/** Whether a word is a literal. */
export const isPythonScalar = (word: string): boolean => WORDS.has(word) || INTEGER.test(word) || FLOAT.test(word)

/** The value of a word. */
export function pythonScalar(word: string): Value {
  const value = WORDS.get(word)
  if (value !== undefined) return value
  if (INTEGER.test(word) && word.length <= INTEGER_DIGITS_MAX) return BigInt(word.replace('+', ''))
  if (FLOAT.test(word)) return Number(word)
  throw new NoCall()
}

function* readList(text: CallText, close: string, nesting: number): Reading<Value[]> {
  const items: Value[] = []
  yield* text.space()
  while (!(yield* text.take(close))) {
    items.push(yield* readPythonValue(text, nesting + 1))
    yield* readComma(text, close)
  }
  return items
}

function* readDict(text: CallText, nesting: number): Reading<Dict> {
  const dict: Dict = new Map()
  yield* text.space()
  while (!(yield* text.take('}'))) {
    const key = yield* readPythonValue(text, nesting + 1)
    yield* text.space()
    yield* text.expect(':')
    yield* text.space()
    const value = yield* readPythonValue(text, nesting + 1)
    if (typeof key === 'object' && key !== null) throw new NoCall()
    dict.set(key as string, value)
    yield* readComma(text, '}')
  }
  return dict
}

function* readComma(text: CallText, close: string): Reading {
  yield* text.space()
  if (!(yield* text.take(',')) && (yield* text.peek()) !== close) throw new NoCall()
  yield* text.space()
}

const QUOTES = ['"""', "'''", '"', "'"]
const PLAIN: Readonly<Record<string, RegExp>> = { '"': /[^"\\]*/y, "'": /[^'\\]*/y }
const ESCAPED: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '/': '/',
  '\n': '',
}
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Up to the quote that closes it. Line breaks are taken as they are: models write them. */
function* readText(text: CallText, quote: string): Reading<string> {
  const parts: string[] = []
  for (;;) {
    parts.push(yield* text.run(PLAIN[quote[0]!]!))
    if (yield* text.take(quote)) return parts.join('')
    const mark = yield* text.next()
    parts.push(mark === '\\' ? yield* readEscape(text) : mark)
  }
}

function* readEscape(text: CallText): Reading<string> {
  const mark = yield* text.next()
  const digits = HEX_DIGITS[mark]
  if (digits === undefined) return ESCAPED[mark] ?? `\\${mark}`
  let hex = ''
  while (hex.length < digits) hex += yield* text.next()
  const code = /^[0-9a-fA-F]+$/.test(hex) ? Number.parseInt(hex, 16) : Number.NaN
  if (!(code <= 0x10ffff)) throw new NoCall()
  return String.fromCodePoint(code)
}
