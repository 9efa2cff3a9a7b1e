// Members that no schema names: their names in classes by the patterns that find something in them. Pure.
import { SCHEMA_BRANCHES_MAX } from '../../limits.ts'
import type { Language } from '../texts/languages.ts'
import type { Expansion } from './expansion.ts'
import { ofPart } from './inside.ts'
import { unsupportedSchema } from './schema-node.ts'
import { type Assertions, type Members, TYPE } from './shape.ts'
import { textOfShape } from './texts-of-shape.ts'

export interface OtherMembers {
  readonly language: Language
  readonly assertions: Assertions
}

/** The names that `propertyNames` allows. */
export function namesLanguage({ names }: Members, expansion: Expansion): Language {
  const { languages } = expansion
  if (names.length === 0) return languages.all
  const ways = expansion.shapesOf(names).filter(({ types }) => types & TYPE.string)
  const texts = ways.map((shape) => {
    if (!shape.values) return textOfShape(shape, languages)
    const values = expansion.valuesOf(shape).filter((value) => typeof value === 'string')
    return languages.any(...values.map((value) => languages.literal(value)))
  })
  return languages.any(...texts)
}

/** Classes that have none in common; those whose members have no value are left out. */
export function otherMembers(
  { parts }: Members,
  named: readonly string[],
  allowed: Language,
  expansion: Expansion,
): OtherMembers[] {
  const { languages } = expansion
  const patterns = [...new Set(parts.flatMap((part) => part.patterns.map(({ names }) => names)))]
  const isClosed = parts.some((part) => part.patterns.length === 0 && part.others !== undefined && isFalse(part.others))
  if (isClosed) return []
  return expansion.bounded('#', () => {
    const listed = languages.not(languages.any(...named.map((name) => languages.literal(name))))
    let classes: { language: Language; found: ReadonlySet<Language> }[] = [
      { language: languages.both(allowed, listed), found: new Set() },
    ]
    for (const pattern of patterns) {
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
        assertions: parts.flatMap((part) => ofPart(part, undefined, (names) => found.has(names))),
      }))
      .filter(({ language, assertions }) => !languages.isVoid(language) && !assertions.some(isFalse))
  })
}

const isFalse = ({ node, isDenied }: Assertions[number]): boolean =>
  !isDenied && Array.isArray(node.schema.enum) && node.schema.enum.length === 0
