// Members that must be there so that a schema is not kept: one with such a name, and with such a value. Pure.
import type { Language } from '../texts/languages.ts'
import type { Expansion } from './expansion.ts'
import { unsupportedSchema } from './schema-node.ts'
import type { Assertion, Members } from './shape.ts'

export interface WitnessKind {
  readonly names: Language
  /** Undefined where the name suffices. */
  readonly value: Assertion | undefined
}

/** Kinds that one object may need: a member may be of any of them at once. */
const WITNESS_KINDS_MAX = 4

export function witnessKinds({ witnesses }: Members, expansion: Expansion): WitnessKind[] {
  const { languages } = expansion
  if (witnesses.length > WITNESS_KINDS_MAX) {
    throw unsupportedSchema(witnesses[0]!.path, `at most ${WITNESS_KINDS_MAX} denials beside each other`, 'more')
  }
  return witnesses.map(({ names, name, value, path }) => ({
    names: expansion.bounded(path, () => languages.both(names, name ? expansion.texts([name]) : languages.all)),
    value,
  }))
}
