// What a template sees as `loop`.
import type { Budget } from './budget.ts'
import { isEqual } from './comparison.ts'
import { type Arguments, Callable, either, Namespace, TemplateFault, Undefined, type Value } from './values.ts'

/** One round of a loop; of a recursive one it can be called with more items. */
export class Loop extends Namespace {
  readonly #again: ((args: Arguments) => string) | undefined

  constructor(fields: Map<string, Value>, again: ((args: Arguments) => string) | undefined) {
    super(fields)
    this.#again = again
  }

  /** What the same loop writes for the items that are given. */
  again(args: Arguments): string {
    if (this.#again !== undefined) return this.#again(args)
    throw new TemplateFault("expected a loop with the word 'recursive' to call, found one without")
  }
}

/** What lies behind all rounds of a loop. */
interface LoopSetting {
  readonly items: readonly Value[]
  /** From 1; of loops that call themselves. */
  readonly depth: number
  readonly again: ((args: Arguments) => string) | undefined
  /** What `changed` was asked about last. */
  readonly changes: { last?: readonly Value[] }
  readonly budget: Budget
}

/** The state of round `i`. */
export function loopState({ items, depth, again, changes, budget }: LoopSetting, i: number): Loop {
  const count = items.length
  const cycle = ({ positional }: Arguments): Value => {
    if (positional.length === 0) throw new TemplateFault('no items for cycling given')
    return positional[i % positional.length]!
  }
  const changed = ({ positional }: Arguments): Value => {
    const { last } = changes
    changes.last = positional
    return last === undefined || !isEqual([...last], [...positional], budget)
  }
  const fields: [string, Value][] = [
    ['index', BigInt(i + 1)],
    ['index0', BigInt(i)],
    ['revindex', BigInt(count - i)],
    ['revindex0', BigInt(count - i - 1)],
    ['first', i === 0],
    ['last', i === count - 1],
    ['length', BigInt(count)],
    ['previtem', either(items[i - 1], new Undefined('there is no previous item'))],
    ['nextitem', either(items[i + 1], new Undefined('there is no next item'))],
    ['depth', BigInt(depth)],
    ['depth0', BigInt(depth - 1)],
    ['cycle', new Callable('cycle', cycle)],
    ['changed', new Callable('changed', changed)],
  ]
  return new Loop(new Map(fields), again)
}
