// Members that no schema names: their names in classes by the patterns that find something in them. Pure.
import { SCHEMA_BRANCHES_MAX } from '../../limits.ts'
import type { Language } from '../texts/languages.ts'
import type { Expansion } from './expansion.ts'
import { ofPart } from './inside.ts'
import { unsupportedSchema } from './schema-node.ts'
import type { Assertions, Members } from './shape.ts'
import type { WitnessKind } from './witness-kinds.ts'

export interface OtherMembers {
  readonly language: Language
  readonly assertions: Assertions
  /** Kinds of witnesses that they may be, as bits. */
  readonly kinds: number
}

interface Names {
  readonly named: readonly string[]
  /** Those that may be at all. */
  readonly allowed: Language
  readonly kinds: readonly WitnessKind[]
}

interface NameClass {
  readonly language: Language
  readonly found: ReadonlySet<Language>
}

/** Classes that have none in common; those whose members have no value are left out. */
export function otherMembers({ parts }: Members, names: Names, expansion: Expansion): OtherMembers[] {
  const { languages } = expansion
  const isClosed = parts.some((part) => part.patterns.length === 0 && part.others !== undefined && isFalse(part.others))
  if (isClosed) return []
  const patterns = parts.flatMap((part) => part.patterns.map((pattern) => pattern.names))
  const apart = new Set([...patterns, ...names.kinds.map((kind) => kind.names)])
  return expansion.bounded('#', () => {
    const listed = languages.not(languages.words(names.named))
    let classes: NameClass[] = [{ language: languages.both(names.allowed, listed), found: new Set() }]
    for (const pattern of apart) {
      classes = classes.flatMap(({ language, found }) => [
        { language: languages.both(language, pattern), found: new Set([...found, pattern]) },
        { language: languages.both(language, languages.not(pattern)), found },
      ])
      classes = classes.filter(({ language }) => !languages.isVoid(language))
      if (classes.length > SCHEMA_BRANCHES_MAX) {
        throw unsupportedSchema('#', 'patternProperties that can be told apart', `${classes.length} classes of names`)
      }
    }
    return classes
      .map(({ language, found }) => ({
        language,
        assertions: parts.flatMap((part) => ofPart(part, undefined, (pattern) => found.has(pattern))),
        kinds: names.kinds.reduce((bits, kind, i) => bits | (found.has(kind.names) ? 1 << i : 0), 0),
      }))
      .filter(({ language, assertions }) => !languages.isVoid(language) && !assertions.some(isFalse))
  })
}

const isFalse = ({ node, isDenied }: Assertions[number]): boolean =>
  !isDenied && Array.isArray(node.schema.enum) && node.schema.enum.length === 0
