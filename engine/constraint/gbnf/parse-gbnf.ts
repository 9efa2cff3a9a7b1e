// Grammars in GBNF, the notation of llama.cpp (grammars/README.md there), as trees of rules. Pure.
import { GRAMMAR_CHARS_MAX, GRAMMAR_GROUPS_MAX, GRAMMAR_REPEATS_MAX } from '../../limits.ts'
import type { CodePoints } from '../characters.ts'
import { ALL_CHARACTERS, charSet, complement, hasCharacter } from '../texts/char-set.ts'
import { GrammarSource } from './grammar-source.ts'
import type { Item, Rule, Rules } from './item.ts'

const CODE_MAX = 0x10ffff
/** Digits behind an escape that names a code point. */
const CODED: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }
const ESCAPED: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  '"': '"',
  '[': '[',
  ']': ']',
  '-': '-',
}

/** Throws `grammar_invalid` for what is no grammar, `grammar_unsupported` for single tokens of a vocabulary. */
export function parseGbnf(source: string): Rules {
  const text = new GrammarSource(source)
  if (source.length > GRAMMAR_CHARS_MAX) throw text.fault(`at most ${GRAMMAR_CHARS_MAX} characters`, GRAMMAR_CHARS_MAX)
  return new GbnfParser(text).rules()
}

class GbnfParser {
  readonly #source: GrammarSource
  readonly #rules = new Map<string, Rule>()
  readonly #references: { readonly name: string; readonly at: number }[] = []
  #groups = 0

  constructor(source: GrammarSource) {
    this.#source = source
  }

  rules(): Rules {
    const source = this.#source
    source.spaces(true)
    while (!source.isEnd) this.#rule()
    if (!this.#rules.has('root')) throw source.fault('a rule named root', 0, 'grammar_invalid', 'none')
    const unknown = this.#references.find(({ name }) => !this.#rules.has(name))
    if (unknown) throw source.fault('the name of a rule', unknown.at)
    return this.#rules
  }

  #rule(): void {
    const source = this.#source
    const { at } = source
    const name = this.#name()
    if (name === '') throw source.fault('the name of a rule')
    if (this.#rules.has(name)) throw source.fault('one rule of a name', at)
    source.spaces(false)
    if (!source.take('::=')) throw source.fault('::=')
    source.spaces(true)
    this.#rules.set(name, { body: this.#alternatives(false), at })
    if (!source.isEnd && source.run(/\r\n?|\n/y) === '')
      throw source.fault('characters, a rule, | or the end of the line')
    source.spaces(true)
  }

  #name(): string {
    return this.#source.run(/[a-zA-Z0-9_-]+/y)
  }

  #alternatives(isInside: boolean): Item {
    const of = [this.#sequence(isInside)]
    while (this.#source.take('|')) {
      this.#source.spaces(true)
      of.push(this.#sequence(isInside))
    }
    return of.length === 1 ? of[0]! : { kind: 'any', of }
  }

  #sequence(isInside: boolean): Item {
    const of: Item[] = []
    for (let item = this.#item(); item; item = this.#item()) {
      this.#source.spaces(isInside)
      of.push(this.#repeated(item, isInside))
    }
    return of.length === 1 ? of[0]! : { kind: 'sequence', of }
  }

  #item(): Item | undefined {
    const source = this.#source
    const { at, next } = source
    if (source.take('"')) return this.#text()
    if (source.take('[')) return this.#class()
    if (source.take('.')) return { kind: 'set', set: ALL_CHARACTERS }
    if (source.take('(')) return this.#group()
    if (next === '<' || next === '!') {
      throw source.fault('characters, which tokens are not held by', at, 'grammar_unsupported', 'a token')
    }
    if (next !== '' && '*+?{'.includes(next)) throw source.fault('something to repeat before it')
    const name = this.#name()
    if (name === '') return undefined
    this.#references.push({ name, at })
    return { kind: 'rule', name, at }
  }

  #group(): Item {
    const source = this.#source
    if (++this.#groups > GRAMMAR_GROUPS_MAX) throw source.fault(`at most ${GRAMMAR_GROUPS_MAX} groups in each other`)
    source.spaces(true)
    const item = this.#alternatives(true)
    if (!source.take(')')) throw source.fault(')')
    this.#groups--
    return item
  }

  /** Behind the quote. */
  #text(): Item {
    const source = this.#source
    let text = ''
    while (!source.take('"')) {
      if (source.isEnd) throw source.fault('"')
      const from = source.at
      const code = this.#character()
      if (!hasCharacter(ALL_CHARACTERS, code)) throw source.fault('characters', from)
      text += String.fromCodePoint(code)
    }
    return { kind: 'text', text }
  }

  /** Behind the bracket. */
  #class(): Item {
    const source = this.#source
    const isNegated = source.take('^')
    const ranges: CodePoints[] = []
    while (!source.take(']')) {
      const { at } = source
      const first = this.#character()
      const isRange = source.next === '-' && source.run(/-(?!\])/y) !== ''
      const last = isRange ? this.#character() : first
      if (last < first) throw source.fault('a range upwards', at)
      ranges.push([first, last])
    }
    if (ranges.length === 0) throw source.fault('a character', source.at - 1)
    const set = charSet(ranges)
    return { kind: 'set', set: isNegated ? complement(set) : set }
  }

  #character(): number {
    const source = this.#source
    const { at, next } = source
    if (next === '') throw source.fault('a character')
    source.at += next.length
    if (next !== '\\') return next.codePointAt(0)!
    const letter = source.next
    source.at += letter.length
    const known = ESCAPED[letter]
    if (known !== undefined) return known.charCodeAt(0)
    const digits = CODED[letter]
    if (digits === undefined) throw source.fault('one of \\n \\r \\t \\\\ \\" \\[ \\] \\- \\x \\u \\U', at)
    const code = source.run(/[0-9a-fA-F]{0,8}/y).slice(0, digits)
    source.at = at + 2 + code.length
    if (code.length < digits) throw source.fault(`${digits} hexadecimal digits`)
    if (Number.parseInt(code, 16) > CODE_MAX) throw source.fault('a code point up to U+10FFFF', at)
    return Number.parseInt(code, 16)
  }

  #repeated(item: Item, isInside: boolean): Item {
    let repeated = item
    for (let count = this.#count(isInside); count; count = this.#count(isInside)) {
      repeated = { kind: 'repeat', body: repeated, least: count[0], most: count[1] }
      this.#source.spaces(isInside)
    }
    return repeated
  }

  #count(isInside: boolean): readonly [least: number, most: number] | undefined {
    const source = this.#source
    if (source.take('*')) return [0, Number.POSITIVE_INFINITY]
    if (source.take('+')) return [1, Number.POSITIVE_INFINITY]
    if (source.take('?')) return [0, 1]
    if (!source.take('{')) return undefined
    source.spaces(isInside)
    const least = this.#number()
    if (least === undefined) throw source.fault('a count')
    source.spaces(isInside)
    let most = least
    if (source.take(',')) {
      source.spaces(isInside)
      const { at } = source
      most = this.#number() ?? Number.POSITIVE_INFINITY
      if (most < least) throw source.fault(`a count of at least ${least}`, at)
      source.spaces(isInside)
    }
    if (!source.take('}')) throw source.fault(most === least ? ', or }' : '}')
    return [least, most]
  }

  #number(): number | undefined {
    const { at } = this.#source
    const digits = this.#source.run(/[0-9]+/y)
    if (Number(digits) > GRAMMAR_REPEATS_MAX) throw this.#source.fault(`a count of at most ${GRAMMAR_REPEATS_MAX}`, at)
    return digits === '' ? undefined : Number(digits)
  }
}
