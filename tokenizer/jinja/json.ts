// JSON between a template and the world: `json.dumps` as Hugging Face sets it up for `tojson`, and a reader that keeps
// what JavaScript's would lose: 1.0 against 1, long integers, the order of keys that look like numbers.
import { type Budget, INTEGER_DIGITS_MAX } from './budget.ts'
import { compareTexts } from './comparison.ts'
import { replaceMatches } from './python-text.ts'
import { floatText, integerText, isTooDeep, tooDeep } from './text.ts'
import { type Dict, isDict, type Key, TemplateFault, Tuple, told, typeName, type Value } from './values.ts'

export interface JsonStyle {
  /** Put in front of each line once per level; undefined = everything on one line. */
  readonly indent: string | undefined
  readonly itemSeparator: string
  readonly keySeparator: string
  readonly asciiOnly: boolean
  readonly sortKeys: boolean
}

/** Writes as `json.dumps` does; every character and step is charged. */
export const dumpJson = (value: Value, style: JsonStyle, budget: Budget): string =>
  new JsonWriter(style, budget).value(value, 0)

class JsonWriter {
  readonly #style: JsonStyle
  readonly #budget: Budget

  constructor(style: JsonStyle, budget: Budget) {
    this.#style = style
    this.#budget = budget
  }

  value(value: Value, level: number): string {
    if (isTooDeep(level)) throw tooDeep()
    this.#budget.spend()
    if (typeof value === 'string') return this.#string(value)
    if (value === null || typeof value === 'boolean') return String(value)
    if (typeof value === 'bigint') return integerText(value, this.#budget)
    if (typeof value === 'number') return jsonFloat(value)
    const items = value instanceof Tuple ? value.items : value
    if (Array.isArray(items)) return this.#array(items, level)
    if (isDict(value)) return this.#object(value, level)
    throw new TemplateFault(told`Object of type ${jsonTypeName(value)} is not JSON serializable`)
  }

  #array(items: readonly Value[], level: number): string {
    this.#budget.elements(items.length)
    const parts = items.map((item) => this.value(item, level + 1))
    return this.#bracketed('[]', parts, level)
  }

  #object(dict: Dict, level: number): string {
    this.#budget.elements(dict.size)
    const entries = Array.from(dict, ([key, inner]) => [this.#key(key), inner] as const)
    if (this.#style.sortKeys) entries.sort(([a], [b]) => this.#compare(a, b))
    const { keySeparator } = this.#style
    const parts = entries.map(([key, inner]) => `${this.#string(key)}${keySeparator}${this.value(inner, level + 1)}`)
    return this.#bracketed('{}', parts, level)
  }

  #compare(a: string, b: string): number {
    this.#budget.spend()
    this.#budget.look(Math.min(a.length, b.length))
    return compareTexts(a, b)
  }

  #bracketed([open, close]: string, parts: readonly string[], level: number): string {
    const { indent, itemSeparator } = this.#style
    if (parts.length === 0) return `${open}${close}`
    this.#budget.characters(parts.reduce((sum, part) => sum + part.length + itemSeparator.length, 2))
    if (indent === undefined) return `${open}${parts.join(itemSeparator)}${close}`
    this.#budget.characters((indent.length * (level + 1) + 1) * (parts.length + 1))
    const line = `\n${indent.repeat(level + 1)}`
    return `${open}${line}${parts.join(itemSeparator + line)}\n${indent.repeat(level)}${close}`
  }

  #key(key: Key): string {
    if (typeof key === 'string') return key
    if (typeof key === 'bigint') return integerText(key, this.#budget)
    return typeof key === 'number' ? jsonFloat(key) : String(key)
  }

  #string(text: string): string {
    this.#budget.characters(text.length + 2)
    const json = JSON.stringify(text)
    if (!this.#style.asciiOnly) return json
    const escapedUnit = ([unit]: RegExpExecArray) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
    return replaceMatches(json, /[\u007f-\uffff]/g, escapedUnit, this.#budget)
  }
}

const jsonTypeName = (value: Value): string => {
  const name = typeName(value)
  return name === 'undefined' ? 'Undefined' : name
}

const jsonFloat = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? floatText(value) : value > 0 ? 'Infinity' : '-Infinity'

/**
 * The value that a JSON text stands for, as Python's `json.loads` reads it.
 * Throws a `TemplateFault` that names the position of what is no JSON.
 */
export function readJson(text: string): Value {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const SPACE = /[ \t\n\r]*/y
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(nesting: number): Value {
    if (isTooDeep(nesting)) throw tooDeep()
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(nesting)
    if (first === '[') return this.#array(nesting)
    if (first === '"') return this.#string()
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length
        return value
      }
    }
    return this.#number()
  }

  end(): void {
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#unexpected('the end')
  }

  #object(nesting: number): Dict {
    const dict: Dict = new Map()
    this.#at++
    if (this.#accept('}')) return dict
    do {
      this.#skipSpace()
      const key = this.#string()
      this.#expect(':')
      dict.set(key, this.value(nesting + 1))
    } while (this.#accept(','))
    this.#expect('}')
    return dict
  }

  #array(nesting: number): Value[] {
    const items: Value[] = []
    this.#at++
    if (this.#accept(']')) return items
    do items.push(this.value(nesting + 1))
    while (this.#accept(','))
    this.#expect(']')
    return items
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw this.#unexpected('a string')
    let end = this.#at + 1
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end + 1)) as string
      this.#at = end + 1
      return value
    } catch {
      throw this.#unexpected('a string')
    }
  }

  #number(): bigint | number {
    const match = this.#match(NUMBER)
    if (match === undefined) throw this.#unexpected('a value')
    const [digits, fraction, exponent] = match
    if (digits.length > INTEGER_DIGITS_MAX) throw this.#unexpected(`a number of at most ${INTEGER_DIGITS_MAX} digits`)
    return fraction === undefined && exponent === undefined ? BigInt(digits) : Number(digits)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at = pattern.lastIndex
    return match
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #accept(mark: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== mark) return false
    this.#at++
    return true
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) throw this.#unexpected(`"${mark}"`)
  }

  #unexpected(wanted: string): TemplateFault {
    const before = this.#text.slice(0, this.#at)
    const line = before.split('\n').length
    const column = this.#at - before.lastIndexOf('\n')
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text.slice(this.#at, this.#at + 12)) : 'the end'
    return new TemplateFault(told`line ${line}, column ${column}: expected ${wanted}, found ${found}`)
  }
}
