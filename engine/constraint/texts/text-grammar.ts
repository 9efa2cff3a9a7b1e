// Texts as JSON strings: the states of an automaton as states of bytes. What JSON must escape is escaped, in its shortest
// form; where any text may follow, in every form. Pure.

import { TEXT_STATES_MAX } from '../../limits.ts'
import { BACKSLASH, characterEdges, edgesTo, QUOTE, stringCharacter, UNESCAPED } from '../characters.ts'
import { type Edge, type GrammarBuilder, NOTHING, type StateId } from '../grammar.ts'
import { type CharSet, complement, shared } from './char-set.ts'
import { type Language, type Languages, TooManyTexts } from './languages.ts'

/** Texts of one language, and what follows them. */
export interface TextBranch {
  readonly language: Language
  readonly to: StateId
}

const ESCAPED: CharSet = complement(UNESCAPED)
const SHORT: ReadonlyMap<number, string> = new Map(
  Array.from('"\\\b\f\n\r\t', (character) => [character.charCodeAt(0), JSON.stringify(character).slice(-2, -1)]),
)

/** A string with its quotes that is a text of one of the languages, which have none in common, then what follows it. */
export function stringOf(builder: GrammarBuilder, languages: Languages, texts: readonly TextBranch[]): StateId {
  const live = texts.filter(({ language, to }) => to !== NOTHING && !languages.isVoid(language))
  return live.length === 0 ? NOTHING : builder.text('"', new TextGrammar(builder, languages, live).start)
}

class TextGrammar {
  readonly #builder: GrammarBuilder
  readonly #languages: Languages
  readonly #ends: readonly StateId[]
  readonly #tails = new Map<string, StateId>()
  readonly #escapes = new Map<string, StateId>()
  readonly start: StateId

  constructor(builder: GrammarBuilder, languages: Languages, texts: readonly TextBranch[]) {
    this.#builder = builder
    this.#languages = languages
    this.#ends = texts.map(({ to }) => to)
    const states = new Map<string, StateId>()
    const open: (readonly Language[])[] = []
    const stateOf = (of: readonly Language[]): StateId => {
      const name = of.join()
      const known = states.get(name)
      if (known !== undefined) return known
      if (states.size >= TEXT_STATES_MAX) throw new TooManyTexts()
      const state = builder.reserve()
      states.set(name, state)
      open.push(of)
      return state
    }
    this.start = stateOf(texts.map(({ language }) => language))
    for (let of = open.pop(); of; of = open.pop()) {
      const edges = this.#edges(of, stateOf)
      builder.define(states.get(of.join())!, { kind: 'bytes', edges })
    }
  }

  #edges(of: readonly Language[], stateOf: (of: readonly Language[]) => StateId): Edge[] {
    const { all, none } = this.#languages
    const ends = of.flatMap((language, i) => (this.#languages.mayEnd(language) ? [this.#ends[i]!] : []))
    const end: Edge[] = ends.length === 0 ? [] : [[QUOTE, QUOTE, this.#builder.anyOf(...ends)]]
    const free = of.indexOf(all)
    if (free >= 0 && of.every((language, i) => i === free || language === none)) {
      return [...stringCharacter(this.#builder, stateOf(of)), ...end]
    }
    const edges: Edge[] = []
    const escapes = new Map<number, StateId>()
    for (const { set, to } of this.#transitions(of)) {
      const state = stateOf(to)
      edges.push(...characterEdges(this.#builder, shared(set, UNESCAPED), state, this.#tails))
      for (const [first, last] of shared(set, ESCAPED)) {
        for (let code = first; code <= last; code++) escapes.set(code, state)
      }
    }
    const escaped: Edge[] = escapes.size === 0 ? [] : [[BACKSLASH, BACKSLASH, this.#escape(escapes)]]
    return [...edges, ...escaped, ...end]
  }

  #transitions(of: readonly Language[]): readonly { readonly set: CharSet; readonly to: readonly Language[] }[] {
    const [only, ...others] = of
    if (others.length > 0) return this.#languages.transitionsOf(of)
    return this.#languages.transitions(only!).map(({ set, to }) => ({ set, to: [to] }))
  }

  /** After the backslash: one of the characters. */
  #escape(codes: ReadonlyMap<number, StateId>): StateId {
    const name = [...codes].join(' ')
    const known = this.#escapes.get(name)
    if (known !== undefined) return known
    const builder = this.#builder
    const edges: Edge[] = []
    const digits: Edge[][] = [[], []]
    for (const [code, to] of codes) {
      const letter = SHORT.get(code)
      if (letter !== undefined) edges.push(...edgesTo(to, letter))
      else {
        const digit = (code & 15).toString(16)
        digits[code >> 4]!.push(...edgesTo(to, digit))
      }
    }
    const last = digits.flatMap((of, high): Edge[] =>
      of.length === 0 ? [] : edgesTo(builder.edges(...of), String(high)),
    )
    if (last.length > 0) edges.push(...edgesTo(builder.text('00', builder.edges(...last)), 'u'))
    const state = builder.edges(...edges)
    this.#escapes.set(name, state)
    return state
  }
}
