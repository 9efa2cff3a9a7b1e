// Texts as they are, without quotes: of a regular expression, or of a list. Pure.
import { TsinferError } from '../../errors.ts'
import { GRAMMAR_CHARS_MAX, GRAMMAR_STATES_MAX, TEXT_STATES_MAX } from '../../limits.ts'
import { found, inside, optionSite, refused } from '../../options/refusal.ts'
import { characterEdges } from '../characters.ts'
import { planClosing } from '../closing.ts'
import { type Grammar, GrammarBuilder, RETURN_STATE, type StateId, TooManyStates } from '../grammar.ts'
import { type Language, Languages, TooManyTexts } from './languages.ts'
import { PatternFault, parsePattern } from './pattern-syntax.ts'
import { patternLanguage } from './patterns.ts'

const PATTERN = inside(optionSite('responseFormat'), '.pattern')
const CHOICES = inside(optionSite('responseFormat'), '.choices')
const LONE_SURROGATE = /\p{Cs}/u
const fault = (name: string, expected: string, what: string) =>
  new TsinferError('option_invalid', `${name}: expected ${expected}, found ${what}`)

/** The texts that the expression matches from their beginning to their end. Throws `option_invalid`. */
export function compileRegex(pattern: string): Grammar {
  if (pattern.length > GRAMMAR_CHARS_MAX) {
    throw fault(PATTERN.name, `at most ${GRAMMAR_CHARS_MAX} characters`, `${pattern.length}`)
  }
  const grammar = bounded(() => {
    parsePattern(pattern)
    const languages = new Languages()
    return new TextsCompiler(languages).compile(patternLanguage(languages, `^(?:${pattern})$`))
  })
  const { bytes } = planClosing(grammar, new Array<boolean>(256).fill(true))
  if (bytes[grammar.start]! < Number.POSITIVE_INFINITY) return grammar
  throw fault(PATTERN.name, 'an expression that some text matches', `${found(pattern)}, which none does`)
}

function bounded(make: () => Grammar): Grammar {
  try {
    return make()
  } catch (cause) {
    const { name } = PATTERN
    if (cause instanceof PatternFault) throw fault(name, PatternFault.expected, cause.message)
    if (cause instanceof TooManyTexts || cause instanceof TooManyStates) {
      throw fault(name, TooManyTexts.expected, 'too many')
    }
    if (!(cause instanceof RangeError)) throw cause
    throw fault(name, 'a shorter expression', 'one that is longer than the stack is deep')
  }
}

/** One of the texts. Throws `option_invalid` for none, and for texts that are not of whole characters. */
export function compileChoices(choices: readonly string[]): Grammar {
  if (choices.length === 0) throw refused(CHOICES, 'at least one text', choices)
  const broken = choices.findIndex((choice) => LONE_SURROGATE.test(choice))
  if (broken >= 0) throw refused(inside(CHOICES, `[${broken}]`), 'whole characters', choices[broken])
  const builder = new GrammarBuilder()
  const encoder = new TextEncoder()
  try {
    const start = builder.oneOf(
      choices.map((choice) => encoder.encode(choice)),
      RETURN_STATE,
    )
    return { states: builder.states, start }
  } catch (cause) {
    if (!(cause instanceof TooManyStates)) throw cause
    throw fault(CHOICES.name, `at most ${GRAMMAR_STATES_MAX} bytes that tell them apart`, 'more')
  }
}

/** An automaton of characters as one of bytes, state by state. */
class TextsCompiler {
  readonly #builder = new GrammarBuilder()
  readonly #languages: Languages
  readonly #states = new Map<Language, StateId>()
  readonly #open: Language[] = []
  readonly #tails = new Map<string, StateId>()

  constructor(languages: Languages) {
    this.#languages = languages
  }

  compile(language: Language): Grammar {
    const start = this.#stateOf(language)
    for (let of = this.#open.pop(); of !== undefined; of = this.#open.pop()) {
      const edges = this.#languages
        .transitions(of)
        .flatMap(({ set, to }) => characterEdges(this.#builder, set, this.#stateOf(to), this.#tails))
      const further = edges.length > 0 ? this.#builder.edges(...edges) : undefined
      const end = this.#languages.mayEnd(of) ? RETURN_STATE : undefined
      this.#builder.define(this.#states.get(of)!, { kind: 'split', to: [this.#builder.anyOf(further, end)] })
    }
    return { states: this.#builder.states, start }
  }

  #stateOf(language: Language): StateId {
    const known = this.#states.get(language)
    if (known !== undefined) return known
    if (this.#states.size >= TEXT_STATES_MAX) throw new TooManyTexts()
    const state = this.#builder.reserve()
    this.#states.set(language, state)
    this.#open.push(language)
    return state
  }
}
