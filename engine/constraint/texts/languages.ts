// Sets of texts as expressions: characters, sequences, repetitions, and the union, intersection and complement of others.
// Equal expressions are one; what may follow a character is again an expression (Brzozowski 1964), so that an expression
// is an automaton whose states are made as they are needed. Pure.
import { TEXT_EXPRESSIONS_MAX, TEXT_STATES_MAX, TEXT_WORK_MAX } from '../../limits.ts'
import { ALL_CHARACTERS, type CharSet, charSet, hasCharacter, partition, shared } from './char-set.ts'

/** A set of texts. */
export type Language = number

type Expression =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly first: Language; readonly rest: Language }
  | { readonly kind: 'any' | 'all'; readonly of: readonly Language[] }
  | { readonly kind: 'not'; readonly of: Language }
  | { readonly kind: 'repeat'; readonly body: Language; readonly least: number; readonly most: number }
  | { readonly kind: 'empty' }

/** Texts that go on with one of the characters go on as `to` says. */
export interface Transition {
  readonly set: CharSet
  readonly to: Language
}

/** A language takes too many states or steps. */
export class TooManyTexts extends Error {
  static readonly expected = 'texts that few states tell apart'
}

export class Languages {
  readonly #expressions: Expression[] = []
  readonly #names = new Map<string, Language>()
  readonly #mayEnd: boolean[] = []
  readonly #transitions = new Map<Language, readonly Transition[]>()
  readonly #isVoid = new Map<Language, boolean>()
  readonly #longest = new Map<Language, number>()
  #workLeft = TEXT_WORK_MAX

  /** No text. */
  readonly none = this.#add('none', { kind: 'set', set: [] }, false)
  /** The text without characters. */
  readonly empty = this.#add('empty', { kind: 'empty' }, true)
  /** Any character, */
  readonly character = this.set(ALL_CHARACTERS)
  /** and any text. */
  readonly all = this.repeat(this.character, 0, Number.POSITIVE_INFINITY)

  set(set: CharSet): Language {
    return set.length === 0 ? this.none : this.#add(`set ${set.join(' ')}`, { kind: 'set', set }, false)
  }

  literal(text: string): Language {
    const codes = Array.from(text, (character) => character.codePointAt(0)!)
    return codes.reduceRight((rest, code) => this.sequence(this.set(charSet([[code, code]])), rest), this.empty)
  }

  /** Texts of a list: they share what they begin with. */
  words(texts: readonly string[]): Language {
    if (texts.length < 2) return texts.length === 0 ? this.none : this.literal(texts[0]!)
    const byFirst = new Map<string, string[]>()
    for (const text of new Set(texts)) {
      const [first = ''] = text
      const rests = byFirst.get(first)
      if (rests) rests.push(text.slice(first.length))
      else byFirst.set(first, [text.slice(first.length)])
    }
    const parts = [...byFirst].map(([first, rests]) =>
      first === '' ? this.empty : this.sequence(this.literal(first), this.words(rests)),
    )
    return this.any(...parts)
  }

  sequence(first: Language, rest: Language): Language {
    if (first === this.none || rest === this.none) return this.none
    if (first === this.empty) return rest
    if (rest === this.empty) return first
    if (first === this.all && rest === this.all) return this.all
    const expression = this.#expressions[first]!
    if (expression.kind === 'sequence') return this.sequence(expression.first, this.sequence(expression.rest, rest))
    const mayEnd = this.mayEnd(first) && this.mayEnd(rest)
    return this.#add(`${first}.${rest}`, { kind: 'sequence', first, rest }, mayEnd)
  }

  repeat(body: Language, least: number, most: number): Language {
    if (body === this.none) return least === 0 ? this.empty : this.none
    if (body === this.empty || most === 0) return this.empty
    if (this.mayEnd(body) && least > 0) return this.repeat(body, 0, most)
    if (least === 1 && most === 1) return body
    const inner = this.#expressions[body]!
    const isStar = inner.kind === 'repeat' && inner.least === 0 && inner.most === Number.POSITIVE_INFINITY
    if (isStar) return body
    return this.#add(`${body}{${least},${most}}`, { kind: 'repeat', body, least, most }, least === 0)
  }

  /** Texts of any of them. */
  any(...of: readonly Language[]): Language {
    const { parts, set } = this.#flat('any', of, (sets) => charSet(sets.flat()))
    if (set !== undefined && set.length > 0) parts.add(this.set(set))
    parts.delete(this.none)
    if (parts.has(this.all)) return this.all
    return this.#combined('any', parts, this.none)
  }

  /** Texts of all of them. */
  both(...of: readonly Language[]): Language {
    const { parts, set } = this.#flat('all', of, (sets) => sets.reduce(shared))
    if (set !== undefined) parts.add(this.set(set))
    parts.delete(this.all)
    if (parts.has(this.none)) return this.none
    if (parts.has(this.empty)) return [...parts].every((part) => this.mayEnd(part)) ? this.empty : this.none
    return this.#combined('all', parts, this.all)
  }

  /** Texts that are not of it. */
  not(of: Language): Language {
    if (of === this.none) return this.all
    if (of === this.all) return this.none
    const expression = this.#expressions[of]!
    if (expression.kind === 'not') return expression.of
    return this.#add(`!${of}`, { kind: 'not', of }, !this.mayEnd(of))
  }

  /** Texts of `least` to `most` characters. */
  counted(least: number, most: number): Language {
    return least > most ? this.none : this.repeat(this.character, least, most)
  }

  /** Whether the text without characters is one. */
  mayEnd(language: Language): boolean {
    return this.#mayEnd[language]!
  }

  has(language: Language, text: string): boolean {
    let at = language
    for (const character of text) {
      const code = character.codePointAt(0)!
      at = this.#after(at, code, new Map())
    }
    return this.mayEnd(at)
  }

  /** Whether there is no text. */
  isVoid(language: Language): boolean {
    const known = this.#isVoid.get(language)
    if (known !== undefined) return known
    const seen = new Set([language])
    let isVoid = true
    for (const at of seen) {
      if (this.mayEnd(at)) {
        isVoid = false
        break
      }
      if (seen.size > TEXT_STATES_MAX) throw new TooManyTexts()
      for (const { to } of this.transitions(at)) seen.add(to)
    }
    this.#isVoid.set(language, isVoid)
    return isVoid
  }

  /** Characters of the longest text; infinite where there is no end to it, or where that takes long to see. */
  longest(language: Language): number {
    const known = this.#longest.get(language)
    if (known !== undefined) return known
    // Whoever comes back here goes round.
    this.#longest.set(language, Number.POSITIVE_INFINITY)
    let longest = this.mayEnd(language) ? 0 : Number.NEGATIVE_INFINITY
    for (const { to } of this.transitions(language)) longest = Math.max(longest, 1 + this.longest(to))
    this.#longest.set(language, longest)
    return longest
  }

  /** Where each character leads; not those that lead to nothing. */
  transitions(language: Language): readonly Transition[] {
    const known = this.#transitions.get(language)
    if (known !== undefined) return known
    const found = this.transitionsOf([language]).map(({ set, to }) => ({ set, to: to[0]! }))
    this.#transitions.set(language, found)
    return found
  }

  /** Where each character leads from several languages at once. */
  transitionsOf(languages: readonly Language[]): { readonly set: CharSet; readonly to: readonly Language[] }[] {
    const firsts = new Set<Language>()
    for (const language of languages) this.#firsts(language, firsts, new Set())
    const sets = [...firsts].map((first) => (this.#expressions[first] as { set: CharSet }).set)
    const targets = new Map<string, { sets: CharSet[]; to: readonly Language[] }>()
    for (const set of partition(sets)) {
      const code = set[0]![0]
      const seen = new Map<Language, Language>()
      const to = languages.map((language) => this.#after(language, code, seen))
      if (to.every((one) => one === this.none)) continue
      const name = to.join()
      const target = targets.get(name)
      if (target) target.sets.push(set)
      else targets.set(name, { sets: [set], to })
    }
    return [...targets.values()].map(({ sets, to }) => ({ set: charSet(sets.flat()), to }))
  }

  /** Sets that the next character may be told apart by. */
  #firsts(language: Language, firsts: Set<Language>, seen: Set<Language>): void {
    if (seen.has(language)) return
    seen.add(language)
    this.#work()
    const expression = this.#expressions[language]!
    switch (expression.kind) {
      case 'set':
        firsts.add(language)
        return
      case 'sequence':
        this.#firsts(expression.first, firsts, seen)
        if (this.mayEnd(expression.first)) this.#firsts(expression.rest, firsts, seen)
        return
      case 'any':
      case 'all':
        for (const part of expression.of) this.#firsts(part, firsts, seen)
        return
      case 'not':
        return this.#firsts(expression.of, firsts, seen)
      case 'repeat':
        return this.#firsts(expression.body, firsts, seen)
    }
  }

  /** What may follow a character. */
  #after(language: Language, code: number, seen: Map<Language, Language>): Language {
    const known = seen.get(language)
    if (known !== undefined) return known
    this.#work()
    const after = this.#derived(this.#expressions[language]!, (part) => this.#after(part, code, seen), code)
    seen.set(language, after)
    return after
  }

  #derived(expression: Expression, after: (part: Language) => Language, code: number): Language {
    switch (expression.kind) {
      case 'empty':
        return this.none
      case 'set':
        return hasCharacter(expression.set, code) ? this.empty : this.none
      case 'sequence': {
        const { first, rest } = expression
        const goesOn = this.sequence(after(first), rest)
        return this.mayEnd(first) ? this.any(goesOn, after(rest)) : goesOn
      }
      case 'any':
        return this.any(...expression.of.map(after))
      case 'all':
        return this.both(...expression.of.map(after))
      case 'not':
        return this.not(after(expression.of))
      case 'repeat': {
        const { body, least, most } = expression
        return this.sequence(after(body), this.repeat(body, Math.max(0, least - 1), most - 1))
      }
    }
  }

  #flat(kind: 'any' | 'all', of: readonly Language[], merge: (sets: CharSet[]) => CharSet) {
    const parts = new Set<Language>()
    const sets: CharSet[] = []
    const add = (language: Language): void => {
      const expression = this.#expressions[language]!
      if (expression.kind === kind) expression.of.forEach(add)
      else if (expression.kind === 'set') sets.push(expression.set)
      else parts.add(language)
    }
    of.forEach(add)
    return { parts, set: sets.length === 0 ? undefined : merge(sets) }
  }

  #combined(kind: 'any' | 'all', parts: ReadonlySet<Language>, otherwise: Language): Language {
    const of = [...parts].sort((a, b) => a - b)
    if (of.length < 2) return of[0] ?? otherwise
    this.#work(of.length)
    const ends = of.map((part) => this.mayEnd(part))
    const mayEnd = kind === 'any' ? ends.includes(true) : !ends.includes(false)
    return this.#add(`${kind} ${of.join()}`, { kind, of }, mayEnd)
  }

  #add(name: string, expression: Expression, mayEnd: boolean): Language {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#expressions.length >= TEXT_EXPRESSIONS_MAX) throw new TooManyTexts()
    const language = this.#expressions.push(expression) - 1
    this.#mayEnd.push(mayEnd)
    this.#names.set(name, language)
    return language
  }

  #work(steps = 1): void {
    this.#workLeft -= steps
    if (this.#workLeft < 0) throw new TooManyTexts()
  }
}
