// Options as a caller gives them, read by a table that names every one: its kind, its default and what it is for. Checks,
// defaults, documented limits and the command line's help all follow from the table. Pure.
import { TsinferError } from '../errors.ts'
import { isRecord, type Kind } from './kinds.ts'
import { nearest } from './nearest.ts'
import { found, guarded, inside, optionSite, refused, type Site } from './refusal.ts'

export interface OptionSpec<Value = unknown> {
  readonly kind: Kind<Value>
  /** What is used where the option is absent. */
  readonly default?: Value
  /** The default in words, where it is no value or not a single one. */
  readonly defaultText?: string
  /** What it is for, in a line of the command line's help. */
  readonly doc: string
}

/** A table with every option of a public type: one that is forgotten or of another kind does not compile. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: OptionSpec<Exclude<Options[Name], undefined>>
}
type AnyTable = Readonly<Record<string, OptionSpec>>

type ValueOf<Spec> = Spec extends { readonly kind: Kind<infer Value> } ? Value : never
/** The options that were given, as their kinds read them. */
export type GivenOptions<Table> = { readonly [Name in keyof Table]?: ValueOf<Table[Name]> }

type WithDefault<Table> = { [Name in keyof Table]: Table[Name] extends { readonly default: unknown } ? Name : never }
/** The defaults of a table, of those options that have a value for one. */
type DefaultsOf<Table> = {
  readonly [Name in WithDefault<Table>[keyof Table]]: ValueOf<Table[Name]>
}

/**
 * The options that were given. Throws `option_invalid` for anything but an object with options of the table: the name and
 * the nearest known one where it is unknown, else what was expected and found.
 */
export function readOptions<Table extends AnyTable>(
  table: Table,
  given: unknown,
  name = 'options',
): GivenOptions<Table> {
  return guarded(optionSite(name), () => readMembers(table, given, optionSite(name), optionSite))
}

/** Options inside an option: messages name both. */
export const record = <Table extends AnyTable>(table: Table): Kind<GivenOptions<Table>> => ({
  expected: `an object with ${Object.keys(table).join(', ')}`,
  read: (value, site) => readMembers(table, value, site, (name) => inside(site, `.${name}`)),
})

function readMembers<Table extends AnyTable>(
  table: Table,
  given: unknown,
  site: Site,
  siteOf: (name: string) => Site,
): GivenOptions<Table> {
  if (given === undefined) return {}
  if (!isRecord(given)) throw refused(site, 'an object', given)
  const read: Record<string, unknown> = {}
  for (const name of Object.keys(table)) {
    const value = guarded(siteOf(name), () => given[name])
    if (value !== undefined) read[name] = guarded(siteOf(name), () => table[name]!.kind.read(value, siteOf(name)))
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name) && given[name] !== undefined) throw unknownName(name, Object.keys(table), site)
  }
  return read as GivenOptions<Table>
}

function unknownName(name: string, known: readonly string[], { name: where, code }: Site): TsinferError {
  // Other spellings, such as max_tokens, are no slips of the fingers.
  const meant = known.find((one) => lettersOf(one) === lettersOf(name)) ?? nearest(name, known)
  const hint = meant === undefined ? `, known are ${known.join(', ')}` : `; did you mean ${meant}?`
  return new TsinferError(code, `${where}: unknown option ${found(name)}${hint}`)
}

const lettersOf = (name: string): string => name.slice(0, 64).toLowerCase().replace(/[_-]/g, '')

/** The defaults of a table. */
export function defaultsOf<Table extends AnyTable>(table: Table): DefaultsOf<Table> {
  const values = Object.entries(table).flatMap(([name, spec]) => ('default' in spec ? [[name, spec.default]] : []))
  return Object.fromEntries(values) as DefaultsOf<Table>
}

/** What the default of an option is, for people; undefined where nothing need be said. */
export const defaultText = ({ default: value, defaultText: words }: OptionSpec): string | undefined =>
  words ?? (value === undefined || typeof value === 'boolean' ? undefined : String(value))

/** An argument that is no option, by its own kind. */
export const readArgument = <Value>(kind: Kind<Value>, value: unknown, site: Site): Value =>
  guarded(site, () => kind.read(value, site))
