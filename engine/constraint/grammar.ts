// A language of byte strings as a network of automata that call each other: what a schema is compiled to. Plain data,
// which can be posted to another thread. Built from the end: a state is made of the states that may follow it. Pure.
import { GRAMMAR_STATES_MAX } from '../limits.ts'

export type StateId = number
/** A byte from `low` to `high` leads to `to`. */
export type Edge = readonly [low: number, high: number, to: StateId]

export type State =
  /** One more byte. Edges may overlap; without edges the state is a dead end. */
  | { readonly kind: 'bytes'; readonly edges: readonly Edge[] }
  /** Any of several states. */
  | { readonly kind: 'split'; readonly to: readonly StateId[] }
  /** What `start` accepts up to its `return`, then `to`. */
  | { readonly kind: 'call'; readonly start: StateId; readonly to: StateId }
  /** What `body` accepts up to its `return`, `least` to `most` times, then `to`. The body is never empty. */
  | {
      readonly kind: 'repeat'
      readonly body: StateId
      readonly least: number
      readonly most: number
      readonly to: StateId
    }
  /** The end of what was called or repeated, or of all. */
  | { readonly kind: 'return' }

export interface Grammar {
  readonly states: readonly State[]
  readonly start: StateId
}

/** Grammars of equal names are equal, and share what is known of them. */
export interface NamedGrammar {
  readonly name: string
  readonly grammar: Grammar
}

/** The end, in every grammar. */
export const RETURN_STATE: StateId = 0
/** The state that accepts nothing, in every grammar. */
export const NOTHING: StateId = 1

/** A grammar has more than `GRAMMAR_STATES_MAX` states. */
export class TooManyStates extends Error {}

export class GrammarBuilder {
  readonly states: State[] = [{ kind: 'return' }, { kind: 'bytes', edges: [] }]

  add(state: State): StateId {
    if (this.states.length >= GRAMMAR_STATES_MAX) throw new TooManyStates()
    return this.states.push(state) - 1
  }

  /** A state that others may refer to before it is known. */
  reserve(): StateId {
    return this.add({ kind: 'bytes', edges: [] })
  }

  define(reserved: StateId, state: State): void {
    this.states[reserved] = state
  }

  edges(...edges: readonly Edge[]): StateId {
    return this.add({ kind: 'bytes', edges })
  }

  /** Any of these; `undefined` is no alternative. */
  anyOf(...alternatives: readonly (StateId | undefined)[]): StateId {
    const to = alternatives.filter((state) => state !== undefined)
    return to.length === 1 ? to[0]! : to.length === 0 ? NOTHING : this.add({ kind: 'split', to })
  }

  /** These bytes, then `to`. */
  literal(bytes: Uint8Array, to: StateId): StateId {
    return bytes.reduceRight((next, byte) => this.edges([byte, byte, next]), to)
  }

  /** ASCII characters, then `to`. */
  text(characters: string, to: StateId): StateId {
    return this.literal(new TextEncoder().encode(characters), to)
  }

  /**
   * These bytes, then `to`; or what `base` accepts, of whose edges at most one reads a byte. Together they are of that
   * kind again. `base` must not accept what the bytes begin with.
   */
  besideLiteral(base: StateId | undefined, bytes: Uint8Array, to: StateId): StateId {
    /** Edges of the states that the bytes lead through, as far as there are some. */
    const way: (readonly Edge[])[] = []
    for (let state = base; state !== undefined && way.length < bytes.length; ) {
      const { edges } = this.states[state] as Extract<State, { kind: 'bytes' }>
      way.push(edges)
      state = edgeOf(edges, bytes[way.length - 1]!)?.[2]
    }
    const rest = this.literal(bytes.subarray(way.length), to)
    return way.reduceRight((next, edges, depth) => this.edges(...redirected(edges, bytes[depth]!, next)), rest)
  }

  /** One of several byte strings, then `to`. They share what they begin with, so that few states are live at once. */
  oneOf(strings: readonly Uint8Array[], to: StateId): StateId {
    const sorted = strings.toSorted(compareBytes)
    const below = (first: number, last: number, depth: number): StateId => {
      if (first === last - 1) return this.literal(sorted[first]!.subarray(depth), to)
      const shared = sharedLength(sorted[first]!, sorted[last - 1]!)
      if (shared > depth) return this.literal(sorted[first]!.subarray(depth, shared), below(first, last, shared))
      let at = first
      while (at < last && sorted[at]!.length === depth) at++
      const edges: Edge[] = []
      const endsHere = at > first
      while (at < last) {
        const byte = sorted[at]![depth]!
        let next = at + 1
        while (next < last && sorted[next]![depth] === byte) next++
        edges.push([byte, byte, below(at, next, depth + 1)])
        at = next
      }
      return this.anyOf(endsHere ? to : undefined, edges.length > 0 ? this.edges(...edges) : undefined)
    }
    return below(0, sorted.length, 0)
  }
}

/** Where `byte` leads from edges of which at most one reads it. */
const edgeOf = (edges: readonly Edge[], byte: number): Edge | undefined =>
  edges.find(([low, high]) => byte >= low && byte <= high)

/** The edges with `byte` leading to `to`. */
function redirected(edges: readonly Edge[], byte: number, to: StateId): Edge[] {
  const others = edges.flatMap(([low, high, next]): Edge[] => {
    const below: Edge = [low, Math.min(high, byte - 1), next]
    const above: Edge = [Math.max(low, byte + 1), high, next]
    return [below, above].filter(([from, until]) => from <= until)
  })
  return [...others, [byte, byte, to]]
}

/** Bytes that both begin with. */
function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return length
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
