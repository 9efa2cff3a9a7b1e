// Objects: named members in the order of the schemas, those that may be left out or not, then others where they may be.
// White space is at most one space after { , : and before }. Pure.
import { NOTHING, RETURN_STATE, type StateId } from '../grammar.ts'
import { stringOf } from '../texts/text-grammar.ts'
import { memberAssertions } from './inside.ts'
import { namesLanguage, type OtherMembers, otherMembers } from './other-members.ts'
import { unsupportedSchema } from './schema-node.ts'
import type { Assertions, Members, Shape } from './shape.ts'
import { spaced, type ValueCompiler } from './value-compiler.ts'

interface Member {
  readonly name: string
  readonly isRequired: boolean
  readonly assertions: Assertions
}

export function objectState(compiler: ValueCompiler, shape: Shape, to: StateId): StateId {
  const { members } = shape
  if (members.required.length > members.most) return NOTHING
  return new ObjectCompiler(compiler, members, excludesEmpty(shape), to).state()
}

/** Listed objects that must not be are told apart by having no members; others are left out whole. */
function excludesEmpty({ excluded }: Shape): 'no' | 'empty' | 'all' {
  const objects = excluded.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  if (objects.length === 0) return 'no'
  return objects.every((value) => Object.keys(value as object).length === 0) ? 'empty' : 'all'
}

class ObjectCompiler {
  readonly #compiler: ValueCompiler
  readonly #named: readonly Member[]
  readonly #others: readonly OtherMembers[]
  readonly #least: number
  readonly #most: number
  /** Members are counted up to here. */
  readonly #counted: number
  readonly #close: StateId
  readonly #isPossible: boolean

  constructor(compiler: ValueCompiler, members: Members, excludes: 'no' | 'empty' | 'all', to: StateId) {
    const { builder, expansion } = compiler
    const { languages } = expansion
    this.#compiler = compiler
    const allowed = namesLanguage(members, expansion)
    const names = [...new Set([...members.parts.flatMap(({ named }) => [...named.keys()]), ...members.required])]
    const isAllowed = (name: string) => languages.has(allowed, name)
    this.#isPossible = excludes !== 'all' && members.required.every(isAllowed)
    this.#named = names.filter(isAllowed).map((name) => ({
      name,
      isRequired: members.required.includes(name),
      assertions: memberAssertions(members, name, languages),
    }))
    this.#others = otherMembers(members, names, allowed, expansion)
    const least = Math.max(members.least, excludes === 'empty' ? 1 : 0)
    this.#least = least <= members.required.length ? 0 : least
    const canExceed = this.#others.length > 0 || this.#named.length > members.most
    this.#most = canExceed ? members.most : Number.POSITIVE_INFINITY
    this.#counted = this.#most === Number.POSITIVE_INFINITY ? this.#least : Math.max(this.#most, this.#least)
    this.#close = spaced(builder, builder.text('}', to))
    const reach = this.#named.length + (this.#others.length > 0 ? 1 : 0)
    if (this.#least > reach) {
      throw unsupportedSchema('#', 'as many named properties as there must be', `minProperties ${this.#least}`)
    }
  }

  state(): StateId {
    if (!this.#isPossible) return NOTHING
    const { builder } = this.#compiler
    const named = this.#named
    // Counts that a member may have before it.
    const countsBefore = (index: number) => Math.min(index, this.#counted) + 1
    let choices = range(countsBefore(named.length)).map((count) => this.#other(count))
    let mayClose = true
    for (let index = named.length - 1; index >= 0; index--) {
      const member = named[index]!
      const later = choices
      const mayEnd = mayClose
      const after = (count: number) => this.#following(count, mayEnd, later[this.#capped(count)])
      const afters = range(countsBefore(index)).map((count) => after(this.#capped(count + 1)))
      choices = range(countsBefore(index)).map((count) =>
        this.#member(member, afters[count]!, member.isRequired ? undefined : later[count], count),
      )
      mayClose &&= !member.isRequired
    }
    const choice = choices[0]
    return builder.text(
      '{',
      builder.anyOf(
        mayClose && this.#least === 0 ? this.#close : undefined,
        choice === undefined || this.#most === 0 ? undefined : spaced(builder, choice),
      ),
    )
  }

  #capped(count: number): number {
    return Math.min(count, this.#counted)
  }

  /** After `count` members: the object ends, or goes on with one of those that may come. */
  #following(count: number, mayClose: boolean, choice: StateId | undefined): StateId {
    const { builder } = this.#compiler
    return builder.anyOf(
      mayClose && count >= this.#least ? this.#close : undefined,
      choice === undefined || count >= this.#most ? undefined : builder.text(',', spaced(builder, choice)),
    )
  }

  /** The member, or what others begin with: names are read together, so that few states are live at once. */
  #member(
    { name, assertions }: Member,
    after: StateId,
    others: StateId | undefined,
    count: number,
  ): StateId | undefined {
    if (count >= this.#most) return undefined
    const { builder } = this.#compiler
    const value = this.#compiler.value(assertions, after)
    if (value === NOTHING) return others
    return builder.besideLiteral(others, new TextEncoder().encode(`${JSON.stringify(name)}:`), spaced(builder, value))
  }

  /** Another member after `count`, and all those that follow it. Two of one name are one: the second may not count. */
  #other(count: number): StateId | undefined {
    if (this.#others.length === 0 || count >= this.#most || this.#least - count > 1) return undefined
    const { builder } = this.#compiler
    if (this.#most < Number.POSITIVE_INFINITY) {
      const body = builder.text(',', spaced(builder, this.#otherBefore(RETURN_STATE)))
      const most = this.#most - count - 1
      return this.#otherBefore(builder.add({ kind: 'repeat', body, least: 0, most, to: this.#close }))
    }
    const after = builder.reserve()
    const choice = this.#otherBefore(after)
    builder.define(after, { kind: 'split', to: [this.#following(this.#least, true, choice)] })
    return choice
  }

  #otherBefore(after: StateId): StateId {
    const { builder, expansion } = this.#compiler
    const texts = this.#others.map(({ language, assertions }) => {
      const value = this.#compiler.value(assertions, after)
      return { language, to: value === NOTHING ? NOTHING : builder.text(':', spaced(builder, value)) }
    })
    return expansion.bounded('#', () => stringOf(builder, expansion.languages, texts))
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
