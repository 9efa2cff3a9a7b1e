// Strings of any text: of any length, or of a counted one. Pure.
import { QUOTE, stringCharacter } from './characters.ts'
import { type GrammarBuilder, NOTHING, RETURN_STATE, type StateId } from './grammar.ts'

/** A string of any length with its quotes, then `to`. */
export function anyString(builder: GrammarBuilder, to: StateId): StateId {
  const inside = builder.reserve()
  builder.define(inside, { kind: 'bytes', edges: [...stringCharacter(builder, inside), [QUOTE, QUOTE, to]] })
  return builder.text('"', inside)
}

/** One character of a string, then the return. */
export const characterRule = (builder: GrammarBuilder): StateId =>
  builder.edges(...stringCharacter(builder, RETURN_STATE))

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
