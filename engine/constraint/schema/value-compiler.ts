// What compiles the values inside of objects and arrays. Pure.
import type { GrammarBuilder, StateId } from '../grammar.ts'
import type { Expansion } from './expansion.ts'
import type { Assertions } from './shape.ts'

export interface ValueCompiler {
  readonly builder: GrammarBuilder
  readonly expansion: Expansion
  /** A value that keeps the schemas, then `to`. */
  value(assertions: Assertions, to: StateId): StateId
  /** The same, made once for all places. */
  shared(assertions: Assertions, to: StateId): StateId
  /** What is made once by that name, up to its return, then `to`. */
  call(name: string, make: () => StateId, to: StateId): StateId
}

/** At most one space, then `to`. */
export const spaced = (builder: GrammarBuilder, to: StateId): StateId => builder.anyOf(to, builder.text(' ', to))
