// What a keyword is: how values that keep it, and how those that do not, are told. Pure.
import type { Languages } from '../texts/languages.ts'
import type { SchemaNode } from './schema-node.ts'
import type { Assertion, Shape } from './shape.ts'

export interface Keyword {
  /** The keyword, and those that are read with it. */
  readonly names: readonly string[]
  /** Ways to keep it: of the values of `shape` those that do, or fewer. `before`: the shape before the node's keywords. */
  readonly hold: (shape: Shape, node: SchemaNode, ways: Ways, before: Shape) => readonly Shape[]
  /** Ways not to; absent or undefined where they cannot be told. */
  readonly deny?: (shape: Shape, node: SchemaNode, ways: Ways) => readonly Shape[] | undefined
}

/** What keywords need of the schemas around them. */
export interface Ways {
  readonly languages: Languages
  /** What cannot be told exactly is to be more values rather than fewer: the question is whether there are any. */
  readonly isLoose: boolean
  /** A schema inside a node, at e.g. `/items`. */
  child(node: SchemaNode, schema: unknown, at: string): SchemaNode
  target(node: SchemaNode, key: '$ref' | '$dynamicRef' | '$recursiveRef'): SchemaNode
  /** Ways to keep another schema too. */
  apply(shapes: readonly Shape[], assertion: Assertion): readonly Shape[]
  /** Those of the ways that do not contradict themselves. Throws where they are too many. */
  counted(found: readonly Shape[], path: string): readonly Shape[]
  /** Whether it is certain that no value keeps both. */
  areApart(one: SchemaNode, two: SchemaNode): boolean
  /** The texts that a regular expression finds something in. */
  pattern(source: string, path: string): number
}
