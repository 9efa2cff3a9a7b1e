// Number and string literals of a template, as Jinja2 and Python read them.
import { INTEGER_DIGITS_MAX } from './budget.ts'
import { TemplateFault, told } from './values.ts'

export interface Literal {
  readonly type: 'NumericLiteral' | 'StringLiteral'
  /** Numbers in a form that JavaScript reads, with a point exactly when they are floats. */
  readonly value: string
  /** Position after the literal. */
  readonly end: number
}

const FLOAT = /(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy

/** The literal that begins at `at`; undefined where none does. */
export function readLiteral(source: string, at: number): Literal | undefined {
  const first = source[at]
  if (first === '"' || first === "'") return readString(source, at, first)
  FLOAT.lastIndex = at
  const float = source[at - 1] === '.' ? null : FLOAT.exec(source)
  if (float !== null) {
    const text = String(Number(float[0].replaceAll('_', '')))
    return { type: 'NumericLiteral', value: withPoint(text), end: FLOAT.lastIndex }
  }
  INTEGER.lastIndex = at
  const integer = INTEGER.exec(source)
  if (integer === null) return undefined
  if (integer[0].length > INTEGER_DIGITS_MAX) {
    const line = source.slice(0, at).split('\n').length
    throw new TemplateFault(
      told`line ${line}: expected an integer of at most ${INTEGER_DIGITS_MAX} digits, found a longer one`,
    )
  }
  return { type: 'NumericLiteral', value: String(BigInt(integer[0].replaceAll('_', ''))), end: INTEGER.lastIndex }
}

const withPoint = (text: string): string => (text.includes('.') ? text : text.replace(/(?=e|$)/, '.'))

function readString(source: string, at: number, quote: string): Literal {
  let value = ''
  let begin = at + 1
  for (let end = begin; end < source.length; end++) {
    const character = source[end]
    if (character === quote) return { type: 'StringLiteral', value: value + source.slice(begin, end), end: end + 1 }
    if (character !== '\\') continue
    const escaped = readEscape(source, end)
    value += source.slice(begin, end) + escaped.text
    begin = escaped.end
    end = escaped.end - 1
  }
  const line = source.slice(0, at).split('\n').length
  throw new TemplateFault(told`line ${line}: expected a string that ends with ${quote}, found the end`)
}

const SIMPLE: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
const OCTAL = /[0-7]{1,3}/y
const HEX = /x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}/y

/** What a backslash at `at` and the characters after it stand for; an unknown escape stands for itself. */
function readEscape(source: string, at: number): { readonly text: string; readonly end: number } {
  const next = source[at + 1] ?? ''
  const simple = SIMPLE[next]
  if (simple !== undefined) return { text: simple, end: at + 2 }
  OCTAL.lastIndex = at + 1
  const octal = OCTAL.exec(source)
  if (octal !== null) return { text: String.fromCodePoint(Number.parseInt(octal[0], 8)), end: OCTAL.lastIndex }
  HEX.lastIndex = at + 1
  const hex = HEX.exec(source)
  const code = hex === null ? Number.NaN : Number.parseInt(hex[0].slice(1), 16)
  if (code <= 0x10ffff) return { text: String.fromCodePoint(code), end: HEX.lastIndex }
  if ('xuUN'.includes(next) && next !== '') {
    const line = source.slice(0, at).split('\n').length
    throw new TemplateFault(told`line ${line}: expected a complete escape, found \\${next}`)
  }
  return { text: `\\${next}`, end: at + 1 + next.length }
}
