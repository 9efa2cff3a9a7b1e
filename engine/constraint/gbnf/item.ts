// What a grammar in GBNF is made of, as trees. Types only.
import type { CharSet } from '../texts/char-set.ts'

export type Item =
  /** One of the characters. */
  | { readonly kind: 'set'; readonly set: CharSet }
  /** These characters. */
  | { readonly kind: 'text'; readonly text: string }
  /** What the rule of that name accepts; `at`: where in the source it is named. */
  | { readonly kind: 'rule'; readonly name: string; readonly at: number }
  /** All of them in turn, or any of them. */
  | { readonly kind: 'sequence' | 'any'; readonly of: readonly Item[] }
  | { readonly kind: 'repeat'; readonly body: Item; readonly least: number; readonly most: number }

export interface Rule {
  readonly body: Item
  /** Where in the source it is defined. */
  readonly at: number
}

export type Rules = ReadonlyMap<string, Rule>
