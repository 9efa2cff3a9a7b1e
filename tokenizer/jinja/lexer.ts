// A template's text to the tokens that @huggingface/jinja's parser reads. The library's own lexer edits white space with
// patterns over the whole source, which also hit text and strings; this one follows Jinja2's lexer with trim_blocks and
// lstrip_blocks on, its number and string literals, `+` signs and raw blocks.
import { Budget } from './budget.ts'
import { readLiteral } from './literals.ts'
import { SPACE, strip } from './python-text.ts'
import { TemplateFault, told } from './values.ts'

export interface Token {
  /** A name the library's parser knows. */
  readonly type: string
  readonly value: string
  /** From 1. */
  readonly line: number
}

const OPENING = /\{([%{#])([-+]?)/g
const COMMENT_END = /([-+]?)#\}/g
const RAW = /\{%([-+]?)\s*raw\s*(-?)%\}/y
const RAW_END = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g
const SPACES = new RegExp(`[${SPACE}]+`, 'y')
const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy

const OPERATORS: readonly (readonly [text: string, type: string])[] = [
  ['**', 'ExponentiationBinaryOperator'],
  ['//', 'MultiplicativeBinaryOperator'],
  ['<=', 'ComparisonBinaryOperator'],
  ['>=', 'ComparisonBinaryOperator'],
  ['==', 'ComparisonBinaryOperator'],
  ['!=', 'ComparisonBinaryOperator'],
  ['<', 'ComparisonBinaryOperator'],
  ['>', 'ComparisonBinaryOperator'],
  ['+', 'AdditiveBinaryOperator'],
  ['-', 'AdditiveBinaryOperator'],
  ['~', 'AdditiveBinaryOperator'],
  ['*', 'MultiplicativeBinaryOperator'],
  ['/', 'MultiplicativeBinaryOperator'],
  ['%', 'MultiplicativeBinaryOperator'],
  ['(', 'OpenParen'],
  [')', 'CloseParen'],
  ['[', 'OpenSquareBracket'],
  [']', 'CloseSquareBracket'],
  ['{', 'OpenCurlyBracket'],
  ['}', 'CloseCurlyBracket'],
  [',', 'Comma'],
  ['.', 'Dot'],
  [':', 'Colon'],
  ['|', 'Pipe'],
  ['=', 'Equals'],
]
/** Every operator between two operands. */
export const BINARY_OPERATORS: readonly string[] = [
  ...OPERATORS.filter(([, type]) => type.endsWith('BinaryOperator')).map(([text]) => text),
  ...['in', 'not in', 'and', 'or'],
]
/** Texts, words and signs of a template; the longest known ones have 10,000. */
const TOKENS_MAX = 100_000
/** Brackets, or statements, inside each other. */
export const NESTING_MAX = 100
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Throws a `TemplateFault` with the line where the source is no Jinja. */
export function tokenize(source: string): Token[] {
  return new Lexer(source.replace(/\r\n?/g, '\n').replace(/\n$/, '')).run()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0
  #line = 1
  #countedTo = 0
  readonly #budget = new Budget()

  constructor(source: string) {
    this.#source = source
  }

  run(): Token[] {
    while (this.#at < this.#source.length) {
      OPENING.lastIndex = this.#at
      const opening = OPENING.exec(this.#source)
      if (opening === null) {
        this.#text(this.#source.slice(this.#at))
        break
      }
      const { index, 0: mark, 1: kind, 2: sign = '' } = opening
      const text = this.#source.slice(this.#at, index)
      this.#text(
        sign === '-'
          ? strip(text, undefined, this.#budget, 'right')
          : kind === '{' || sign === '+'
            ? text
            : this.#cutIndent(text),
      )
      this.#at = index
      if (kind === '#') this.#comment(mark)
      else if (!this.#raw()) this.#block(kind === '%', mark)
    }
    return this.#tokens
  }

  /** Drops the white space between the last line end and a tag. */
  #cutIndent(text: string): string {
    const begin = text.lastIndexOf('\n') + 1
    const startsLine = begin > 0 || this.#at === 0 || this.#source[this.#at - 1] === '\n'
    return startsLine && strip(text.slice(begin), undefined, this.#budget) === '' ? text.slice(0, begin) : text
  }

  #text(value: string): void {
    if (value !== '') this.#push('Text', value)
  }

  #push(type: string, value: string): void {
    if (this.#tokens.length === TOKENS_MAX) throw this.#fault(`at most ${TOKENS_MAX} words and signs, found more`)
    this.#tokens.push({ type, value, line: this.#lineAt(this.#at) })
  }

  #lineAt(position: number): number {
    for (; this.#countedTo < position; this.#countedTo++) if (this.#source[this.#countedTo] === '\n') this.#line++
    return this.#line
  }

  #comment(mark: string): void {
    COMMENT_END.lastIndex = this.#at + mark.length
    const end = COMMENT_END.exec(this.#source)
    if (end === null) throw this.#fault('a comment that ends with #}, found none')
    this.#leave(end.index + end[0].length, end[1]!, true)
  }

  /** Goes on after a tag: `-` drops the white space behind it, and a block drops one line end unless it has a `+`. */
  #leave(position: number, sign: string, isBlock: boolean): void {
    this.#at = position
    if (sign === '-') this.#skipSpaces()
    else if (isBlock && sign !== '+' && this.#source[this.#at] === '\n') this.#at++
  }

  #skipSpaces(): void {
    SPACES.lastIndex = this.#at
    if (SPACES.test(this.#source)) this.#at = SPACES.lastIndex
  }

  #raw(): boolean {
    RAW.lastIndex = this.#at
    const begin = RAW.exec(this.#source)
    if (begin === null) return false
    this.#leave(RAW.lastIndex, begin[2]!, false)
    RAW_END.lastIndex = this.#at
    const end = RAW_END.exec(this.#source)
    if (end === null) throw this.#fault('{% endraw %}, found the end')
    const text = this.#source.slice(this.#at, end.index)
    this.#text(
      end[1] === '-' ? strip(text, undefined, this.#budget, 'right') : end[1] === '+' ? text : this.#cutIndent(text),
    )
    this.#leave(RAW_END.lastIndex, end[2]!, true)
    return true
  }

  /** The inside of `{% %}` or `{{ }}`. */
  #block(isStatement: boolean, mark: string): void {
    const kind = isStatement ? 'Statement' : 'Expression'
    const end = isStatement ? '%}' : '}}'
    const line = this.#lineAt(this.#at)
    this.#push(`Open${kind}`, mark.slice(0, 2))
    this.#at += mark.length
    const open: string[] = []
    for (;;) {
      this.#skipSpaces()
      if (this.#at >= this.#source.length) throw this.#fault(`${end} for the ${mark} in line ${line}, found the end`)
      const sign = /[-+]/.test(this.#source[this.#at]!) ? this.#source[this.#at]! : ''
      const isEnd = this.#source.startsWith(end, this.#at + sign.length) && !(sign === '+' && !isStatement)
      if (open.length === 0 && isEnd) {
        this.#push(`Close${kind}`, end)
        this.#leave(this.#at + sign.length + 2, sign, isStatement)
        return
      }
      this.#inside(open)
    }
  }

  /** One token inside a block; `open` holds the brackets that have to close first. */
  #inside(open: string[]): void {
    const literal = readLiteral(this.#source, this.#at)
    if (literal !== undefined) {
      this.#push(literal.type, literal.value)
      this.#at = literal.end
      return
    }
    NAME.lastIndex = this.#at
    const name = NAME.exec(this.#source)
    if (name !== null) {
      this.#push('Identifier', name[0])
      this.#at = NAME.lastIndex
      return
    }
    const operator = OPERATORS.find(([text]) => this.#source.startsWith(text, this.#at))
    if (operator === undefined) throw this.#fault(`Jinja, found ${JSON.stringify(this.#source[this.#at])}`)
    const [text, type] = operator
    if (text in CLOSING) {
      if (open.length === NESTING_MAX) throw this.#fault(`at most ${NESTING_MAX} brackets inside each other`)
      open.push(CLOSING[text]!)
    } else if (')]}'.includes(text)) {
      const wanted = open.pop()
      if (wanted !== text) throw this.#fault(`${wanted === undefined ? 'no bracket' : `'${wanted}'`}, found '${text}'`)
    }
    this.#push(type, text)
    this.#at += text.length
  }

  #fault(what: string): TemplateFault {
    return new TemplateFault(told`line ${this.#lineAt(Math.min(this.#at, this.#source.length))}: expected ${what}`)
  }
}
