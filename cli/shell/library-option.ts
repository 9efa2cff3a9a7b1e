// An option of the library as one of the command line: what it takes and its help come from the library's table. Pure.
import type { ChoiceKind, FlagKind, Kind, NumberKind } from '../../engine/options/kinds.ts'
import { defaultText, type OptionSpec } from '../../engine/options/read-options.ts'
import type { Option } from './arguments.ts'

/** How it is typed. */
export type OptionSpelling = Pick<Option, 'names' | 'olderNames' | 'value'>

type KindOf<K> =
  K extends ChoiceKind<infer Word>
    ? { readonly kind: 'choice'; readonly choices: readonly Word[] }
    : K extends NumberKind
      ? { readonly kind: 'integer' | 'number' }
      : K extends FlagKind
        ? { readonly kind: 'flag' }
        : { readonly kind: 'text' }

/** The kinds that the words of a command line can have. */
type TypedKind = NumberKind | ChoiceKind<string> | FlagKind | (Kind<string> & { readonly type: 'text' })

export function optionOf<K extends TypedKind>(
  spec: OptionSpec & { readonly kind: K },
  spelling: OptionSpelling,
): Option & KindOf<K> {
  return { ...spelling, help: libraryHelp(spec), ...takes(spec.kind) } as Option & KindOf<K>
}

export function libraryHelp(spec: OptionSpec): string {
  const text = defaultText(spec)
  return text === undefined ? spec.doc : `${spec.doc} (default: ${text})`
}

function takes(kind: TypedKind): Pick<Option, 'kind' | 'least' | 'most' | 'above' | 'choices'> {
  switch (kind.type) {
    case 'choice':
      return { kind: 'choice', choices: kind.words }
    case 'flag':
    case 'text':
      return { kind: kind.type }
    default: {
      const { type, least, most, above } = kind
      const bounds = { ...(least !== undefined && { least }), ...(most !== undefined && { most }) }
      return { kind: type, ...bounds, ...(above !== undefined && { above }) }
    }
  }
}
