// Arrays that must contain some items: every item is taken for one of those or not, and they are counted. Pure.
import { type GrammarBuilder, NOTHING, type StateId } from '../grammar.ts'
import { itemAssertions } from './inside.ts'
import { unsupportedSchema } from './schema-node.ts'
import { type Assertions, type Items, opposite } from './shape.ts'
import { spaced, type ValueCompiler } from './value-compiler.ts'

/** Items, and those of them that are contained, that are counted apart. */
const COUNTED_ITEMS_MAX = 256
/** Kinds of contained items: an item may be any of them at once. */
const KINDS_MAX = 4

export function countedArray(compiler: ValueCompiler, items: Items, to: StateId): StateId {
  const { contained, least, most } = items
  const { path } = contained[0]!
  const counts = [least, ...contained.map((kind) => kind.least), ...contained.map((kind) => finite(kind.most))]
  if (contained.length > KINDS_MAX) throw unsupportedSchema(path, `at most ${KINDS_MAX} beside each other`, 'more')
  if (Math.max(...counts, finite(most)) > COUNTED_ITEMS_MAX) {
    throw unsupportedSchema(path, `counts of at most ${COUNTED_ITEMS_MAX} beside contains`, 'more')
  }
  return new CountedItems(compiler, items, to).state()
}

const finite = (count: number): number => (count < Number.POSITIVE_INFINITY ? count : 0)

class CountedItems {
  readonly #compiler: ValueCompiler
  readonly #builder: GrammarBuilder
  readonly #items: Items
  readonly #close: StateId
  /** Items are counted up to here. */
  readonly #counted: number
  readonly #states = new Map<string, StateId>()
  readonly #open: (() => void)[] = []

  constructor(compiler: ValueCompiler, items: Items, to: StateId) {
    this.#compiler = compiler
    this.#builder = compiler.builder
    this.#items = items
    this.#close = spaced(this.#builder, this.#builder.text(']', to))
    const first = items.parts.map(({ first }) => first.length)
    this.#counted = Math.max(...first, items.least, finite(items.most))
  }

  state(): StateId {
    const start = this.#after(
      0,
      this.#items.contained.map(() => 0),
      (further) => spaced(this.#builder, further),
    )
    const state = this.#builder.text('[', start)
    for (let define = this.#open.pop(); define; define = this.#open.pop()) define()
    return state
  }

  /** After `count` items, of which so many are contained by kind. */
  #after(count: number, found: readonly number[], begin: (further: StateId) => StateId): StateId {
    const isEnough = count >= this.#items.least && this.#items.contained.every(({ least }, i) => found[i]! >= least)
    const further = count < this.#items.most ? this.#item(count, found) : NOTHING
    return this.#builder.anyOf(isEnough ? this.#close : undefined, further === NOTHING ? undefined : begin(further))
  }

  #item(count: number, found: readonly number[]): StateId {
    const ways = this.#ways(0, found, itemAssertions(this.#items, count))
    const next = Math.min(count + 1, this.#counted)
    const states = ways.map(({ assertions, counts }) => this.#compiler.shared(assertions, this.#next(next, counts)))
    return this.#builder.anyOf(...states.filter((state) => state !== NOTHING))
  }

  /** A state that is made once, and later, since it may lead to itself. */
  #next(count: number, found: readonly number[]): StateId {
    const name = `${count} ${found.join()}`
    const known = this.#states.get(name)
    if (known !== undefined) return known
    const state = this.#builder.reserve()
    this.#states.set(name, state)
    this.#open.push(() => {
      const after = this.#after(count, found, (further) => this.#builder.text(',', spaced(this.#builder, further)))
      this.#builder.define(state, { kind: 'split', to: [after] })
    })
    return state
  }

  /** What one more item may be taken for, from a kind on. */
  #ways(
    kind: number,
    found: readonly number[],
    assertions: Assertions,
  ): { assertions: Assertions; counts: number[] }[] {
    const contained = this.#items.contained[kind]
    if (!contained) return [{ assertions, counts: [...found] }]
    const count = found[kind]!
    const counted = found.with(kind, count + 1)
    const isOne = () => this.#ways(kind + 1, counted, [...assertions, contained.assertion])
    if (contained.most === Number.POSITIVE_INFINITY) {
      const others = this.#ways(kind + 1, found, assertions)
      return count < contained.least ? [...others, ...isOne()] : others
    }
    const none = this.#ways(kind + 1, found, [...assertions, opposite(contained.assertion)])
    return count < contained.most ? [...none, ...isOne()] : none
  }
}
