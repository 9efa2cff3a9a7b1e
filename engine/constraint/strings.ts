// Strings: of any length, of a counted length, and keys that must not be some others. Pure.
import { characterEdges, QUOTE, stringCharacter, UNESCAPED } from './characters.ts'
import { compareBytes, type Edge, type GrammarBuilder, NOTHING, RETURN, type StateId } from './grammar.ts'

/** A string of any length with its quotes, then `to`. */
export function anyString(builder: GrammarBuilder, to: StateId): StateId {
  const inside = builder.reserve()
  builder.define(inside, { kind: 'bytes', edges: [...stringCharacter(builder, inside), [QUOTE, QUOTE, to]] })
  return builder.text('"', inside)
}

/** One character of a string, then the return. */
export const characterRule = (builder: GrammarBuilder): StateId => builder.edges(...stringCharacter(builder, RETURN))

/** A string of `least` to `most` times `character`, then `to`. */
export function countedString(
  builder: GrammarBuilder,
  character: StateId,
  least: number,
  most: number,
  to: StateId,
): StateId {
  if (least > most) return NOTHING
  return builder.text('"', builder.add({ kind: 'repeat', body: character, least, most, to: builder.text('"', to) }))
}

/** A key with its quotes and without escapes that is none of `others`, then `to`. */
export function otherKey(builder: GrammarBuilder, others: readonly string[], to: StateId): StateId {
  const inside = builder.reserve()
  const end: Edge = [QUOTE, QUOTE, to]
  builder.define(inside, { kind: 'bytes', edges: [...characterEdges(builder, UNESCAPED, inside), end] })
  // A key that needs an escape cannot be written by what follows.
  const keys = others.filter((key) => JSON.stringify(key) === `"${key}"`).map((key) => new TextEncoder().encode(key))
  const sorted = keys.toSorted(compareBytes)
  /** After `depth` bytes that the keys from `first` to before `last` begin with; `free`: where other bytes lead. */
  const beside = (free: StateId, first: number, last: number, depth: number): StateId => {
    if (first === last) return free
    const isKey = sorted[first]!.length === depth
    const edges: Edge[] = []
    let at = isKey ? first + 1 : first
    while (at < last && sorted[at]!.length === depth) at++
    const state = builder.states[free]!
    const freeEdges = state.kind === 'bytes' ? state.edges : []
    const taken = new Set<number>()
    while (at < last) {
      const byte = sorted[at]![depth]!
      let next = at + 1
      while (next < last && sorted[next]![depth] === byte) next++
      const [, , after] = freeEdges.find(([low, high]) => byte >= low && byte <= high)!
      edges.push([byte, byte, beside(after, at, next, depth + 1)])
      taken.add(byte)
      at = next
    }
    for (const [low, high, after] of freeEdges) {
      if (low === QUOTE && isKey) continue
      edges.push(...without(low, high, after, taken))
    }
    return builder.edges(...edges)
  }
  return builder.text('"', beside(inside, 0, sorted.length, 0))
}

/** The bytes from `low` to `high` that are not taken. */
function without(low: number, high: number, to: StateId, taken: ReadonlySet<number>): Edge[] {
  const edges: Edge[] = []
  let from = low
  for (let byte = low; byte <= high + 1; byte++) {
    if (byte <= high && !taken.has(byte)) continue
    if (from < byte) edges.push([from, byte - 1, to])
    from = byte + 1
  }
  return edges
}
