// Compiles a JSON Schema (draft 4 to 2020-12) to a grammar of the JSON texts that it accepts. Where a schema leaves
// something open, the grammar may be narrower, never wider. Pure.
import { TsinferError } from '../../errors.ts'
import { GRAMMAR_STATES_MAX, SCHEMA_BRANCHES_MAX, SCHEMA_DEPTH_MAX } from '../../limits.ts'
import { circleOf } from '../circles.ts'
import { planClosing } from '../closing.ts'
import { type Grammar, GrammarBuilder, NOTHING, RETURN_STATE, type StateId, TooManyStates } from '../grammar.ts'
import { anyString, characterRule, countedString } from '../strings.ts'
import { TooManyTexts } from '../texts/languages.ts'
import { stringOf } from '../texts/text-grammar.ts'
import { arrayState } from './arrays.ts'
import { Expansion } from './expansion.ts'
import { numberState } from './numbers-of-shape.ts'
import { objectState } from './objects.ts'
import { branchesOf, circularSchema, invalidSchema, unsupportedSchema } from './schema-node.ts'
import { type Assertion, type Assertions, EVERY_TYPE, held, NUMBER, type Shape, sameAssertion, TYPE } from './shape.ts'
import { textOfShape } from './texts-of-shape.ts'
import type { ValueCompiler } from './value-compiler.ts'

/**
 * The JSON texts of `schema`. Throws `schema_unsupported` for a keyword that cannot be held, `schema_invalid` for what is
 * no schema or has no value.
 */
export function compileSchema(schema: unknown): Grammar {
  const grammar = compiled(schema)
  const { bytes } = planClosing(grammar, new Array<boolean>(256).fill(true))
  if (bytes[grammar.start] === Number.POSITIVE_INFINITY) {
    throw new TsinferError('schema_invalid', 'schema: expected one that some value fits, found one that none fits')
  }
  return grammar
}

function compiled(schema: unknown): Grammar {
  try {
    return new SchemaCompiler(schema).compile(schema)
  } catch (cause) {
    if (cause instanceof TooManyTexts) throw unsupportedSchema('#', TooManyTexts.expected, 'too many')
    if (cause instanceof TooManyStates) {
      throw new TsinferError('schema_invalid', `schema: expected at most ${GRAMMAR_STATES_MAX} states, found more`)
    }
    if (!(cause instanceof RangeError)) throw cause
    const message = 'schema: expected fewer levels, found more than the stack holds'
    throw new TsinferError('schema_invalid', message, { cause })
  }
}

class SchemaCompiler implements ValueCompiler {
  readonly builder = new GrammarBuilder()
  readonly expansion: Expansion
  /** Rules that end with a return, by what they accept. */
  readonly #rules = new Map<string, StateId>()
  /** Which rules a rule leads to without a byte in between. */
  readonly #leads = new Map<string, Set<string>>()
  /** The rule whose first byte has not been read yet. */
  #beginning: string | undefined
  #depth = 0
  /** What is made now stands beside other ways to keep the same schema, which have much in common. */
  #isBeside = false

  constructor(root: unknown) {
    this.expansion = new Expansion(root)
  }

  compile(root: unknown): Grammar {
    const start = this.#ruleOf([held(this.expansion.node(root, '#'))])
    const circle = circleOf(this.#leads)
    if (circle !== undefined) throw circularSchema('#')
    return { states: this.builder.states, start }
  }

  value(assertions: Assertions, to: StateId): StateId {
    const { plain, isShared } = this.#resolved(assertions)
    if (plain.length === 0) return this.#any(to)
    if (!isShared && !this.#isBeside && plain.length === 1) return this.#inline(plain, to)
    return this.shared(plain, to)
  }

  shared(assertions: Assertions, to: StateId): StateId {
    return this.builder.add({ kind: 'call', start: this.#ruleOf(assertions), to })
  }

  /** Makes what lies behind a first byte. */
  inside(make: () => StateId): StateId {
    const beginning = this.#beginning
    this.#beginning = undefined
    const state = make()
    this.#beginning = beginning
    return state
  }

  /** References are followed where nothing stands beside them; what says nothing is left out. */
  #resolved(assertions: Assertions): { plain: Assertions; isShared: boolean } {
    const plain: Assertion[] = []
    let isShared = false
    for (const assertion of assertions) {
      let { node } = assertion
      for (let steps = 0; ; steps++) {
        const [only, ...others] = this.expansion.keywordsOf(node)
        const key = only?.names[0]
        if (others.length > 0 || (key !== '$ref' && key !== '$dynamicRef' && key !== '$recursiveRef')) break
        if (steps > SCHEMA_DEPTH_MAX) throw circularSchema(node.path)
        node = this.expansion.target(node, key)
        isShared = true
      }
      const one = { ...assertion, node }
      const isTrivial = !one.isDenied && this.expansion.keywordsOf(node).length === 0
      if (!isTrivial && !plain.some((other) => sameAssertion(one, other))) plain.push(one)
    }
    return { plain, isShared }
  }

  /** The rule of schemas that are kept together; it may call itself. */
  #ruleOf(assertions: Assertions): StateId {
    const { plain } = this.#resolved(assertions)
    const names = plain.map(({ node, isDenied }) => `${isDenied ? '!' : ''}${node.id}`)
    const name = `schema ${names.sort().join(' ')}`
    if (this.#beginning !== undefined) this.#leads.get(this.#beginning)!.add(name)
    const known = this.#rules.get(name)
    if (known !== undefined) return known
    this.#leads.set(name, new Set())
    const beginning = this.#beginning
    const isBeside = this.#isBeside
    this.#beginning = name
    this.#isBeside = false
    const rule = this.#rule(name, () =>
      plain.length === 0 ? this.#any(RETURN_STATE) : this.#inline(plain, RETURN_STATE),
    )
    this.#beginning = beginning
    this.#isBeside = isBeside
    return rule
  }

  #inline(assertions: Assertions, to: StateId): StateId {
    const { node, isDenied } = assertions[0]!
    if (this.#depth >= SCHEMA_DEPTH_MAX) throw invalidSchema(node.path, `at most ${SCHEMA_DEPTH_MAX} levels`, 'more')
    this.#depth++
    const [only, ...others] = this.expansion.keywordsOf(node)
    const isChoice = assertions.length === 1 && !isDenied && others.length === 0 && only?.names[0] === 'anyOf'
    const state = isChoice ? this.#choice(assertions[0]!, to) : this.#shapes(assertions, to)
    this.#depth--
    return state
  }

  /** Branches with nothing beside them are compiled apart, so that references among them are called. */
  #choice({ node }: Assertion, to: StateId): StateId {
    const branches = branchesOf(node, 'anyOf')
    if (branches.length > SCHEMA_BRANCHES_MAX) {
      const path = `${node.path}/anyOf`
      throw unsupportedSchema(path, `at most ${SCHEMA_BRANCHES_MAX} schemas`, `${branches.length}`)
    }
    const states = branches.map((branch, i) =>
      this.value([held(this.expansion.child(node, branch, `/anyOf/${i}`))], to),
    )
    return this.builder.anyOf(...states.filter((state) => state !== NOTHING))
  }

  #shapes(assertions: Assertions, to: StateId): StateId {
    const shapes = this.expansion.shapesOf(assertions)
    const isBeside = this.#isBeside
    this.#isBeside ||= shapes.length > 1
    const states = shapes.map((shape) => this.#shape(shape, to))
    this.#isBeside = isBeside
    return this.builder.anyOf(...states.filter((state) => state !== NOTHING))
  }

  #shape(shape: Shape, to: StateId): StateId {
    if (shape.values) return this.#literals(this.expansion.valuesOf(shape), to)
    const { builder } = this
    // Without a word about types a value is of those that the other keywords are about.
    const types = shape.types & (shape.isStated || shape.about === 0 ? EVERY_TYPE : shape.about)
    if (types === EVERY_TYPE && saysNothing(shape)) return this.#any(to)
    const isExcluded = (value: unknown) => shape.excluded.includes(value)
    const of = (bits: number, make: () => StateId) => ((types & bits) === 0 ? NOTHING : make())
    const states = [
      of(TYPE.object, () => this.inside(() => objectState(this, shape, to))),
      of(TYPE.array, () => this.inside(() => arrayState(this, shape, to))),
      of(TYPE.string, () => this.#string(shape, to)),
      of(NUMBER, () => numberState(this, { ...shape, types }, to)),
      of(TYPE.boolean, () => (isExcluded(true) ? NOTHING : builder.text('true', to))),
      of(TYPE.boolean, () => (isExcluded(false) ? NOTHING : builder.text('false', to))),
      of(TYPE.null, () => (isExcluded(null) ? NOTHING : builder.text('null', to))),
    ]
    return builder.anyOf(...states.filter((state) => state !== NOTHING))
  }

  #string(shape: Shape, to: StateId): StateId {
    const { lengthLeast: least, lengthMost: most } = shape
    if (shape.text !== undefined || shape.excluded.some((value) => typeof value === 'string')) {
      const { languages } = this.expansion
      return this.expansion.bounded(shape.textPath, () => {
        const language = textOfShape(shape, languages)
        return this.call(
          `text ${language}`,
          () => stringOf(this.builder, languages, [{ language, to: RETURN_STATE }]),
          to,
        )
      })
    }
    if (least === 0 && most === Number.POSITIVE_INFINITY) {
      return this.call('string', () => anyString(this.builder, RETURN_STATE), to)
    }
    const character = this.#rule('character', () => characterRule(this.builder))
    return countedString(this.builder, character, least, most, to)
  }

  #literals(values: readonly unknown[], to: StateId): StateId {
    const texts = values.map((value) => new TextEncoder().encode(JSON.stringify(value)))
    return texts.length === 0 ? NOTHING : this.builder.oneOf(texts, to)
  }

  #any(to: StateId): StateId {
    return this.call('any', () => this.#everything(RETURN_STATE), to)
  }

  #everything(to: StateId): StateId {
    const [shape] = this.expansion.shapesOf([])
    return this.#shape({ ...shape!, about: EVERY_TYPE }, to)
  }

  call(name: string, make: () => StateId, to: StateId): StateId {
    return this.builder.add({ kind: 'call', start: this.#rule(name, make), to })
  }

  #rule(name: string, make: () => StateId): StateId {
    const known = this.#rules.get(name)
    if (known !== undefined) return known
    const rule = this.builder.reserve()
    this.#rules.set(name, rule)
    this.builder.define(rule, { kind: 'split', to: [make()] })
    return rule
  }
}

const saysNothing = ({ about, excluded, members }: Shape): boolean =>
  about === 0 && excluded.length === 0 && members.parts.length === 0
