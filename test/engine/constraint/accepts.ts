// Whether a grammar accepts a text, without a vocabulary: byte by byte.
import { planClosing } from '../../../engine/constraint/closing.ts'
import type { Grammar } from '../../../engine/constraint/grammar.ts'
import { Positions } from '../../../engine/constraint/positions.ts'
import { compileSchema } from '../../../engine/constraint/schema/compile-schema.ts'

/** Tells of texts whether a grammar accepts them. */
export function acceptor(grammar: Grammar): (text: string) => boolean {
  const positions = new Positions(grammar, planClosing(grammar, new Array<boolean>(256).fill(true)))
  return (text) => {
    let at: Positions['start'] | null = positions.start
    for (const byte of new TextEncoder().encode(text)) {
      positions.beginWork()
      if (at !== null) at = positions.step(at, byte)
    }
    return at?.isEnd ?? false
  }
}

/** Tells of values whether a schema's constraint lets them through, in the form that JSON.stringify gives them. */
export function valueAcceptor(schema: unknown): (value: unknown) => boolean {
  const accepts = acceptor(compileSchema(schema))
  return (value) => accepts(JSON.stringify(value))
}
