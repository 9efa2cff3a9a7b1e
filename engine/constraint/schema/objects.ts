// Objects: named members in the order of the schemas, those that may be left out or not, then others where they may be.
// White space is at most one space after { , : and before }. Pure.
import { NOTHING, RETURN_STATE, type StateId } from '../grammar.ts'
import { stringOf } from '../texts/text-grammar.ts'
import { memberAssertions } from './inside.ts'
import { type OtherMembers, otherMembers } from './other-members.ts'
import { unsupportedSchema } from './schema-node.ts'
import type { Assertions, Members, Shape } from './shape.ts'
import { spaced, type ValueCompiler } from './value-compiler.ts'
import { type WitnessKind, witnessKinds } from './witness-kinds.ts'

interface Member extends OtherMembers {
  readonly name: string
  readonly isRequired: boolean
}

/** A state after so many members, of which some are witnesses (bits). */
type After = (count: number, found: number) => StateId
type Choice = (count: number, found: number) => StateId | undefined

export function objectState(compiler: ValueCompiler, shape: Shape, to: StateId): StateId {
  const excluded = shape.excluded.filter(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  )
  // Listed objects that must not be are told apart by having no members; others are left out whole.
  if (excluded.some((value) => Object.keys(value as object).length > 0)) return NOTHING
  const { members } = shape
  const least = Math.max(members.least, excluded.length > 0 ? 1 : 0)
  const names = compiler.expansion.texts(members.names)
  const { languages } = compiler.expansion
  const isPossible = members.required.every((name) => languages.has(names, name))
  if (!isPossible || members.required.length > members.most || least > members.most) return NOTHING
  return new ObjectCompiler(compiler, { ...members, least }, names, to).state()
}

class ObjectCompiler {
  readonly #compiler: ValueCompiler
  readonly #kinds: readonly WitnessKind[]
  readonly #named: readonly Member[]
  readonly #others: readonly OtherMembers[]
  readonly #least: number
  readonly #most: number
  /** Members are counted up to here. */
  readonly #counted: number
  readonly #close: StateId
  /** A member stands in several places. */
  readonly #isCopied: boolean
  readonly #othersChoices = new Map<string, StateId>()
  readonly #afterOthers = new Map<string, StateId>()
  /** States that are defined last: they may lead to themselves. */
  readonly #open: (() => void)[] = []

  constructor(compiler: ValueCompiler, members: Members, allowed: number, to: StateId) {
    const { builder, expansion } = compiler
    const { languages } = expansion
    this.#compiler = compiler
    this.#kinds = witnessKinds(members, expansion)
    const names = [...new Set([...members.parts.flatMap(({ named }) => [...named.keys()]), ...members.required])]
    this.#named = names
      .filter((name) => languages.has(allowed, name))
      .map((name) => ({
        name,
        isRequired: members.required.includes(name),
        language: languages.literal(name),
        assertions: memberAssertions(members, name, languages),
        kinds: this.#kinds.reduce((bits, kind, i) => bits | (languages.has(kind.names, name) ? 1 << i : 0), 0),
      }))
    this.#others = otherMembers(members, { named: names, allowed, kinds: this.#kinds }, expansion)
    this.#least = members.least <= members.required.length ? 0 : members.least
    const canExceed = this.#others.length > 0 || this.#named.length > members.most
    this.#most = canExceed ? members.most : Number.POSITIVE_INFINITY
    this.#counted = this.#most < Number.POSITIVE_INFINITY ? this.#most : this.#least
    this.#isCopied = this.#counted > 0 || this.#kinds.length > 0
    this.#close = spaced(builder, builder.text('}', to))
    if (this.#others.length > 0 && this.#least > this.#named.length + 1) {
      throw unsupportedSchema(members.leastPath, 'as many named members as there must be', `${this.#least}`)
    }
  }

  state(): StateId {
    const { builder } = this.#compiler
    let choice: Choice = this.#table(this.#named.length, (count, found) => this.#other(count, found))
    let mayClose = true
    for (const [index, member] of [...this.#named.entries()].reverse()) {
      const later = choice
      const mayEnd = mayClose
      const afters = new Map<string, StateId>()
      const after: After = (count, found) => {
        const name = `${count} ${found}`
        const state = afters.get(name) ?? this.#following(count, found, mayEnd, later(count, found))
        afters.set(name, state)
        return state
      }
      choice = this.#table(index, (count, found) =>
        this.#member(member, count, found, { after, others: member.isRequired ? undefined : later(count, found) }),
      )
      mayClose &&= !member.isRequired
    }
    const first = this.#most === 0 ? undefined : choice(0, 0)
    for (let define = this.#open.pop(); define; define = this.#open.pop()) define()
    return builder.text(
      '{',
      builder.anyOf(
        mayClose && this.#mayClose(0, 0) ? this.#close : undefined,
        first === undefined ? undefined : spaced(builder, first),
      ),
    )
  }

  /** What may come after some of the first `index` named members, made for all counts. */
  #table(index: number, make: Choice): Choice {
    const counts = Math.min(index, this.#counted) + 1
    const made = Array.from({ length: counts << this.#kinds.length }, (_, i) =>
      make(i % counts, Math.floor(i / counts)),
    )
    return (count, found) => made[Math.min(count, counts - 1) + counts * found]
  }

  #mayClose(count: number, found: number): boolean {
    return count >= this.#least && found === (1 << this.#kinds.length) - 1
  }

  /** After `count` members: the object ends, or goes on with one of those that may come. */
  #following(count: number, found: number, mayClose: boolean, choice: StateId | undefined): StateId {
    const { builder } = this.#compiler
    return builder.anyOf(
      mayClose && this.#mayClose(count, found) ? this.#close : undefined,
      choice === undefined || count >= this.#most ? undefined : builder.text(',', spaced(builder, choice)),
    )
  }

  /** The member, or what others begin with: names are read together, so that few states are live at once. */
  #member(
    member: Member,
    count: number,
    found: number,
    { after, others }: { readonly after: After; readonly others: StateId | undefined },
  ): StateId | undefined {
    if (count >= this.#most) return others
    const value = this.#value(member, found, (now) => after(Math.min(count + 1, this.#counted), now))
    if (value === NOTHING) return others
    const { builder } = this.#compiler
    return builder.besideLiteral(
      others,
      new TextEncoder().encode(`${JSON.stringify(member.name)}:`),
      spaced(builder, value),
    )
  }

  /** The value of a member, taken for a witness or not. */
  #value(member: OtherMembers & Partial<Member>, found: number, after: (found: number) => StateId): StateId {
    const { assertions, kinds, name } = member
    let ways: { assertions: Assertions; found: number }[] = [{ assertions, found }]
    for (const [i, { value }] of this.#kinds.entries()) {
      const bit = 1 << i
      if ((kinds & bit) === 0) continue
      ways = ways.flatMap((way) => {
        const witness = { assertions: value ? [...way.assertions, value] : way.assertions, found: way.found | bit }
        // Another member may have the name of one that was a witness, and would replace it.
        const isReplacing = name === undefined && (found & bit) !== 0
        return value === undefined || isReplacing ? [witness] : found & bit ? [way] : [way, witness]
      })
    }
    const states = ways.map((way) => {
      const to = after(way.found)
      return this.#isCopied ? this.#compiler.shared(way.assertions, to) : this.#compiler.value(way.assertions, to)
    })
    return this.#compiler.builder.anyOf(...states.filter((state) => state !== NOTHING))
  }

  /** Another member after `count`, and all those that follow it. Two of one name are one: the second may not count. */
  #other(count: number, found: number): StateId | undefined {
    if (this.#others.length === 0 || count >= this.#most || this.#least - count > 1) return undefined
    const name = `${count} ${found}`
    const choice = this.#othersChoices.get(name) ?? this.#othersFrom(count, found)
    this.#othersChoices.set(name, choice)
    return choice
  }

  #othersFrom(count: number, found: number): StateId {
    const { builder } = this.#compiler
    if (this.#kinds.length > 0 || this.#most === Number.POSITIVE_INFINITY) {
      return this.#otherBefore(found, (now) => this.#afterOther(Math.min(count + 1, this.#counted), now))
    }
    const body = builder.text(
      ',',
      spaced(
        builder,
        this.#otherBefore(found, () => RETURN_STATE),
      ),
    )
    const repeated = builder.add({ kind: 'repeat', body, least: 0, most: this.#most - count - 1, to: this.#close })
    return this.#otherBefore(found, () => repeated)
  }

  #afterOther(count: number, found: number): StateId {
    const name = `${count} ${found}`
    const known = this.#afterOthers.get(name)
    if (known !== undefined) return known
    const { builder } = this.#compiler
    const state = builder.reserve()
    this.#afterOthers.set(name, state)
    this.#open.push(() => {
      const following = this.#following(count, found, true, this.#other(count, found))
      builder.define(state, { kind: 'split', to: [following] })
    })
    return state
  }

  #otherBefore(found: number, after: (found: number) => StateId): StateId {
    const { builder, expansion } = this.#compiler
    const texts = this.#others.map((other) => {
      const value = this.#value(other, found, after)
      return { language: other.language, to: value === NOTHING ? NOTHING : builder.text(':', spaced(builder, value)) }
    })
    return expansion.bounded('#', () => stringOf(builder, expansion.languages, texts))
  }
}
