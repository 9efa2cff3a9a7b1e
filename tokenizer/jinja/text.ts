// How Python prints values: `str` for what a template puts out, `repr` for what lies inside lists and dictionaries.
import type { Budget } from './budget.ts'
import { replaceMatches } from './python-text.ts'
import {
  bitsOf,
  Callable,
  Iteration,
  isDict,
  type Namespace,
  Range,
  TemplateFault,
  Tuple,
  told,
  Undefined,
  type Value,
  View,
} from './values.ts'

/** Containers inside each other; a list that contains itself has no end. */
const CONTAINER_NESTING_MAX = 200

/** Python's `str(value)`. */
export function valueText(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value
  return value instanceof Undefined ? '' : represent(value, budget)
}

/** The digits of an integer. Long ones take a time that grows faster than they do. */
export function integerText(value: bigint, budget: Budget, radix = 10): string {
  if (BigInt.asIntN(64, value) !== value) budget.digits(bitsOf(value))
  return value.toString(radix)
}

/** Python's `repr(value)`. */
export function represent(value: Value, budget: Budget, nesting = 0): string {
  if (nesting > CONTAINER_NESTING_MAX) throw tooDeep()
  budget.spend()
  if (value === null) return 'None'
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False'
    case 'bigint':
      return integerText(value, budget)
    case 'number':
      return floatText(value)
    case 'string':
      return quoted(value, budget)
    default:
      break
  }
  const list = (items: readonly Value[]) => {
    budget.elements(items.length)
    return joined(
      items.map((item) => represent(item, budget, nesting + 1)),
      budget,
    )
  }
  if (Array.isArray(value)) return `[${list(value)}]`
  if (value instanceof Tuple) return `(${list(value.items)}${value.items.length === 1 ? ',' : ''})`
  if (value instanceof Range) return value.shown
  if (value instanceof View) return `${value.name}([${list(value.items)}])`
  if (value instanceof Undefined) return 'Undefined'
  if (isDict(value)) {
    budget.elements(value.size)
    const entries = Array.from(value, ([key, inner]) => {
      return `${represent(key, budget)}: ${represent(inner, budget, nesting + 1)}`
    })
    return `{${joined(entries, budget)}}`
  }
  throw unprintable(value)
}

function joined(parts: readonly string[], budget: Budget): string {
  budget.characters(parts.reduce((sum, part) => sum + part.length + 2, 0))
  return parts.join(', ')
}

function unprintable(value: Iteration | Namespace | Callable): TemplateFault {
  if (value instanceof Callable) {
    return new TemplateFault(told`expected a value to print, found the function ${value.name}; is a call missing?`)
  }
  const what = value instanceof Iteration ? 'a generator; is the filter list missing?' : 'a namespace'
  return new TemplateFault(told`expected a value to print, found ${what}`)
}

export const tooDeep = (): TemplateFault =>
  new TemplateFault(
    told`expected values at most ${CONTAINER_NESTING_MAX} deep, found one that contains itself or goes deeper`,
  )

export const isTooDeep = (nesting: number): boolean => nesting > CONTAINER_NESTING_MAX

/** The shortest decimal that reads back as the same number, written as Python does. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const [digits = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+'
    return `${Object.is(value, -0) ? '-' : ''}${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  const plain = Object.is(value, -0) ? '-0' : String(value)
  const text = plain.includes('e')
    ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, '').length - 1 - exponent))
    : plain
  return text.includes('.') ? text : `${text}.0`
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }

function quoted(text: string, budget: Budget): string {
  budget.characters(text.length + 2)
  budget.look(4 * text.length)
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escapedCharacter = ([character]: RegExpExecArray): string => {
    if (character === '"' || character === "'") return character === quote ? `\\${character}` : character
    return ESCAPES[character] ?? escapedCode(character.codePointAt(0)!)
  }
  const escaped = replaceMatches(text, /[\\'"]|(?! )[\p{C}\p{Z}]/gu, escapedCharacter, budget)
  return `${quote}${escaped}${quote}`
}

function escapedCode(code: number): string {
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
