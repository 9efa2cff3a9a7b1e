// The texts that a regular expression finds something in. Assertions are held where they stand once: what is ahead of a
// place is a language of all that follows, the beginning is known by whether a character came before. Pure.
import type { Language, Languages } from './languages.ts'
import { type Pattern, PatternFault, parsePattern } from './pattern-syntax.ts'

/** What follows a place, by whether the text begins there. */
type Rest = (isBegin: boolean) => Language

/** Times that a group with an assertion may repeat. */
const UNROLLED_MAX = 16

/** Throws `PatternFault` for what no automaton holds. */
export function patternLanguage(languages: Languages, source: string): Language {
  const pattern = parsePattern(source)
  const compiler = new PatternCompiler(languages)
  const anything: Rest = () => languages.all
  const atBegin = compiler.compile(pattern, anything)(true)
  const later = compiler.compile(pattern, anything)(false)
  if (later === atBegin) return languages.sequence(languages.all, later)
  const before = languages.repeat(languages.character, 1, Number.POSITIVE_INFINITY)
  return languages.any(atBegin, languages.sequence(before, later))
}

class PatternCompiler {
  readonly #languages: Languages

  constructor(languages: Languages) {
    this.#languages = languages
  }

  /** Texts of the pattern, then the rest. */
  compile(pattern: Pattern, rest: Rest): Rest {
    const languages = this.#languages
    switch (pattern.kind) {
      case 'set': {
        const set = languages.set(pattern.set)
        return once(() => languages.sequence(set, rest(false)))
      }
      case 'sequence':
        return pattern.of.reduceRight((after, part) => this.compile(part, after), rest)
      case 'any': {
        const ways = pattern.of.map((part) => this.compile(part, rest))
        return once((isBegin) => languages.any(...ways.map((way) => way(isBegin))))
      }
      case 'begin':
        return (isBegin) => (isBegin ? rest(true) : languages.none)
      case 'end':
        return once((isBegin) => languages.both(languages.empty, rest(isBegin)))
      case 'ahead': {
        const ahead = this.compile(pattern.body, () => languages.all)
        return once((isBegin) =>
          languages.both(pattern.isNegated ? languages.not(ahead(isBegin)) : ahead(isBegin), rest(isBegin)),
        )
      }
      case 'repeat':
        return this.#repeat(pattern, rest)
    }
  }

  #repeat({ body, least, most }: Extract<Pattern, { kind: 'repeat' }>, rest: Rest): Rest {
    const languages = this.#languages
    if (hasAssertion(body)) {
      if (most > UNROLLED_MAX) throw new PatternFault('an assertion in a repetition')
      let after = rest
      for (let count = most; count > 0; count--) {
        const further = after
        const again = this.compile(body, further)
        after = count <= least ? again : once((isBegin) => languages.any(rest(isBegin), again(isBegin)))
      }
      return after
    }
    const inner = this.compile(body, () => languages.empty)(false)
    const repeated = languages.repeat(inner, least, most)
    return once((isBegin) => {
      if (!isBegin || rest(true) === rest(false)) return languages.sequence(repeated, rest(false))
      // The text still begins after a repetition of no characters.
      const some = languages.both(repeated, languages.repeat(languages.character, 1, Number.POSITIVE_INFINITY))
      const later = languages.sequence(some, rest(false))
      return languages.mayEnd(repeated) ? languages.any(rest(true), later) : later
    })
  }
}

function hasAssertion(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'set':
      return false
    case 'sequence':
    case 'any':
      return pattern.of.some(hasAssertion)
    case 'repeat':
      return hasAssertion(pattern.body)
    default:
      return true
  }
}

/** Works out each of the two answers once. */
function once(rest: Rest): Rest {
  const known = new Map<boolean, Language>()
  return (isBegin) => {
    const answer = known.get(isBegin) ?? rest(isBegin)
    known.set(isBegin, answer)
    return answer
  }
}
