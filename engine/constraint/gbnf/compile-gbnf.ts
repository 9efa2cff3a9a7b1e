// Compiles a grammar in GBNF to automata of bytes. Pure; time and memory are linear in the grammar's size: a rule is made
// once, and counts are counted as a text is written.
//
// Every part is made in two forms: as it is, and without the text of no characters. A repetition takes the second form of
// its body, so that it goes on with every round and a text has no ways to be read that differ by empty rounds only.
import { TsinferError } from '../../errors.ts'
import { GRAMMAR_STATES_MAX } from '../../limits.ts'
import { characterEdges } from '../characters.ts'
import { circleOf } from '../circles.ts'
import { planClosing } from '../closing.ts'
import { type Grammar, GrammarBuilder, NOTHING, RETURN_STATE, type StateId, TooManyStates } from '../grammar.ts'
import { emptyItems } from './empty-items.ts'
import { GrammarSource } from './grammar-source.ts'
import type { Item, Rules } from './item.ts'
import { parseGbnf } from './parse-gbnf.ts'

/**
 * The texts of `root`. Throws `grammar_invalid` for what is no grammar or has no text, `grammar_unsupported` for left
 * recursion and for single tokens.
 */
export function compileGbnf(source: string): Grammar {
  const rules = parseGbnf(source)
  const empty = emptyItems(rules)
  const circle = circleOf(leadsOf(rules, empty))
  if (circle !== undefined) {
    const expected = `characters before ${circle} comes back to itself`
    throw new GrammarSource(source).fault(expected, rules.get(circle)!.at, 'grammar_unsupported', 'left recursion')
  }
  const grammar = compiled(rules, empty)
  const { bytes } = planClosing(grammar, new Array<boolean>(256).fill(true))
  if (bytes[grammar.start]! < Number.POSITIVE_INFINITY) return grammar
  throw new TsinferError('grammar_invalid', 'grammar: expected a root that some text fits, found one that none fits')
}

function compiled(rules: Rules, empty: ReadonlySet<Item>): Grammar {
  try {
    return new GbnfCompiler(rules, empty).compile()
  } catch (cause) {
    if (!(cause instanceof TooManyStates)) throw cause
    throw new TsinferError('grammar_invalid', `grammar: expected at most ${GRAMMAR_STATES_MAX} states, found more`)
  }
}

/** The rules that each rule leads to before a character. */
function leadsOf(rules: Rules, empty: ReadonlySet<Item>): Map<string, Set<string>> {
  const leads = new Map<string, Set<string>>()
  const visit = (item: Item, to: Set<string>): void => {
    switch (item.kind) {
      case 'rule':
        to.add(item.name)
        return
      case 'repeat':
        return visit(item.body, to)
      case 'any':
        for (const part of item.of) visit(part, to)
        return
      case 'sequence':
        for (const part of item.of) {
          visit(part, to)
          if (!empty.has(part)) return
        }
    }
  }
  for (const [name, { body }] of rules) {
    const to = new Set<string>()
    leads.set(name, to)
    visit(body, to)
  }
  return leads
}

/** A part, then what follows. */
interface Forms {
  readonly any: StateId
  /** Without the text of no characters. */
  readonly some: StateId
}

class GbnfCompiler {
  readonly #builder = new GrammarBuilder()
  readonly #source: Rules
  readonly #empty: ReadonlySet<Item>
  readonly #rules = new Map<string, Forms>()
  /** Rules that were referred to and are still to be made. */
  readonly #open: string[] = []
  readonly #tails = new Map<string, StateId>()

  constructor(rules: Rules, empty: ReadonlySet<Item>) {
    this.#source = rules
    this.#empty = empty
  }

  compile(): Grammar {
    const start = this.#rule('root').any
    for (let name = this.#open.pop(); name !== undefined; name = this.#open.pop()) {
      const { any, some } = this.#rules.get(name)!
      const made = this.#item(this.#source.get(name)!.body, RETURN_STATE)
      this.#builder.define(any, { kind: 'split', to: [made.any] })
      if (some !== any) this.#builder.define(some, { kind: 'split', to: [made.some] })
    }
    return { states: this.#builder.states, start }
  }

  #rule(name: string): Forms {
    const known = this.#rules.get(name)
    if (known) return known
    const any = this.#builder.reserve()
    const some = this.#empty.has(this.#source.get(name)!.body) ? this.#builder.reserve() : any
    this.#rules.set(name, { any, some })
    this.#open.push(name)
    return { any, some }
  }

  #item(item: Item, to: StateId): Forms {
    switch (item.kind) {
      case 'set':
        return same(this.#builder.edges(...characterEdges(this.#builder, item.set, to, this.#tails)))
      case 'text':
        return item.text === '' ? { any: to, some: NOTHING } : same(this.#builder.text(item.text, to))
      case 'rule': {
        const { any, some } = this.#rule(item.name)
        const called = this.#call(any, to)
        return some === any ? same(called) : { any: called, some: this.#call(some, to) }
      }
      case 'any':
        return this.#either(
          item,
          item.of.map((part) => this.#item(part, to)),
        )
      case 'sequence':
        return this.#sequence(item.of, to)
      case 'repeat':
        return item.most === Number.POSITIVE_INFINITY && item.least < 2 ? this.#loop(item, to) : this.#counted(item, to)
    }
  }

  /** What a rule ends with needs no way back into it: long lists that call themselves at their end stay one level deep. */
  #call(start: StateId, to: StateId): StateId {
    return to === RETURN_STATE ? start : this.#builder.add({ kind: 'call', start, to })
  }

  #sequence(items: readonly Item[], to: StateId): Forms {
    let forms: Forms = { any: to, some: NOTHING }
    for (const item of items.toReversed()) {
      const { any, some } = this.#item(item, forms.any)
      forms = { any, some: this.#empty.has(item) ? this.#anyOf([some, forms.some]) : some }
    }
    return forms
  }

  #either(item: Item, forms: readonly Forms[]): Forms {
    const any = this.#anyOf(forms.map((form) => form.any))
    return this.#empty.has(item) ? { any, some: this.#anyOf(forms.map((form) => form.some)) } : same(any)
  }

  #loop({ body, least }: Extract<Item, { kind: 'repeat' }>, to: StateId): Forms {
    const again = this.#builder.reserve()
    const { some } = this.#item(body, again)
    this.#builder.define(again, { kind: 'split', to: some === NOTHING ? [to] : [some, to] })
    return least === 0 || this.#empty.has(body) ? { any: again, some } : same(some)
  }

  #counted({ body, least, most }: Extract<Item, { kind: 'repeat' }>, to: StateId): Forms {
    if (most === 0) return { any: to, some: NOTHING }
    if (most === 1) {
      const forms = this.#item(body, to)
      return least === 1 ? forms : { any: this.#anyOf([forms.some, to]), some: forms.some }
    }
    const { some } = this.#item(body, RETURN_STATE)
    if (some === NOTHING) return { any: to, some }
    const repeated = (times: number) => this.#builder.add({ kind: 'repeat', body: some, least: times, most, to })
    const needed = this.#empty.has(body) ? 0 : least
    return needed === 0 ? { any: repeated(0), some: repeated(1) } : same(repeated(needed))
  }

  #anyOf(states: readonly StateId[]): StateId {
    return this.#builder.anyOf(...new Set(states.filter((state) => state !== NOTHING)))
  }
}

const same = (state: StateId): Forms => ({ any: state, some: state })
