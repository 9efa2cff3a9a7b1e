// From the words of a command line to typed values. Pure. A command describes its options as data; the same data prints
// its help. node:util's parser reads `-md` as `-m -d`, so every spelling is replaced by its one long name first.
import { parseArgs } from 'node:util'
import { TsinferError } from '../engine/errors.ts'
import { nearest } from './nearest.ts'

export interface Option {
  readonly kind: 'flag' | 'text' | 'integer' | 'number' | 'integers' | 'choice'
  /** Every spelling with its dashes, the usual one first; at least one begins with two dashes. */
  readonly names: readonly string[]
  /** Older spellings: understood, with a notice, and not in the help. */
  readonly olderNames?: readonly string[]
  /** What stands for the value in the help; absent for flags. */
  readonly value?: string
  readonly help: string
  /** Bounds of a number. */
  readonly least?: number
  readonly most?: number
  /** Allowed words of a choice. */
  readonly choices?: readonly string[]
}
export type Options = Readonly<Record<string, Option>>

type ValueOf<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'integer' | 'number'
    ? number
    : O['kind'] extends 'integers'
      ? readonly number[]
      : O extends { readonly choices: readonly (infer Word)[] }
        ? Word
        : string
/** What was given, by the keys of the option table. */
export type Values<Table extends Options> = { readonly [Key in keyof Table]?: ValueOf<Table[Key]> }

export interface CommandLine<Table extends Options> {
  readonly values: Values<Table>
  readonly positionals: readonly string[]
  /** What to tell the user about the words, a line each. */
  readonly notices: readonly string[]
}

/**
 * Reads the words after the command's name. The last of several equal options counts.
 * Throws `option_invalid` for unknown options (naming the nearest known one), missing values and values out of bounds.
 */
export function readCommandLine<Table extends Options>(table: Table, words: readonly string[]): CommandLine<Table> {
  const { values: texts, positionals } = parseArgs({
    args: withLongNames(table, words),
    options: Object.fromEntries(
      Object.values(table).map((option) => [longName(option), { type: option.kind === 'flag' ? 'boolean' : 'string' }]),
    ),
    allowPositionals: true,
  })
  const values: Record<string, unknown> = {}
  for (const [key, option] of Object.entries(table)) {
    const text = texts[longName(option)]
    if (text !== undefined) values[key] = typeof text === 'string' ? readValue(option, text) : text
  }
  return { values: values as Values<Table>, positionals, notices: olderSpellings(table, words) }
}

function olderSpellings(table: Options, words: readonly string[]): string[] {
  const spellings = new Set(words.map((word) => word.split('=')[0]!))
  return Object.values(table).flatMap(({ names, olderNames = [] }) =>
    olderNames.filter((name) => spellings.has(name)).map((name) => `${name}: now called ${names[0]}`),
  )
}

const longName = (option: Option): string => option.names.find((name) => name.startsWith('--'))!.slice(2)

/** Replaces every spelling by `--long` or `--long=value`. */
function withLongNames(table: Options, words: readonly string[]): string[] {
  const bySpelling = new Map(
    Object.values(table).flatMap((option) =>
      [...option.names, ...(option.olderNames ?? [])].map((name) => [name, option] as const),
    ),
  )
  const result: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') return [...result, ...words.slice(at)]
    if (!word.startsWith('-') || word === '-') {
      result.push(word)
      continue
    }
    const [spelling = '', ...rest] = word.split('=')
    const option = bySpelling.get(spelling)
    const inline = rest.length > 0 ? rest.join('=') : undefined
    if (option === undefined) throw unknown(spelling, [...bySpelling.keys()])
    if (option.kind === 'flag') {
      if (inline !== undefined) throw invalid(spelling, 'no value', inline)
      result.push(`--${longName(option)}`)
      continue
    }
    const value = inline ?? words[++at]
    if (value === undefined)
      throw new TsinferError('option_invalid', `${spelling}: expected ${expected(option)} after it`)
    if (inline === undefined && bySpelling.has(value)) {
      const how = `write ${spelling}=${value} if it is meant as a value`
      throw new TsinferError(
        'option_invalid',
        `${spelling}: expected ${expected(option)}, found the option ${value}; ${how}`,
      )
    }
    result.push(`--${longName(option)}=${value}`)
  }
  return result
}

function readValue(option: Option, text: string): string | number | number[] {
  const name = option.names[0]!
  switch (option.kind) {
    case 'integer':
    case 'number':
      return readNumber(option, text)
    case 'integers':
      return text.split(',').map((part) => readNumber(option, part))
    case 'choice':
      if (option.choices!.includes(text)) return text
      throw invalid(name, expected(option), text)
    default:
      return text
  }
}

function readNumber(option: Option, text: string): number {
  const trimmed = text.trim()
  const isWellFormed = option.kind === 'number' ? trimmed !== '' : /^[+-]?\d+$/.test(trimmed)
  const value = isWellFormed ? Number(trimmed) : Number.NaN
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = option
  if (Number.isFinite(value) && value >= least && value <= most) return value
  throw invalid(option.names[0]!, expected(option), text)
}

/** What an option wants, for messages. */
function expected({ kind, least, most, choices }: Option): string {
  const bounds =
    least !== undefined && most !== undefined
      ? ` from ${least} to ${most}`
      : least !== undefined
        ? ` of at least ${least}`
        : ''
  switch (kind) {
    case 'integer':
      return `an integer${bounds}`
    case 'number':
      return `a number${bounds}`
    case 'integers':
      return `integers${bounds} separated by commas`
    case 'choice':
      return `one of ${choices!.join(', ')}`
    default:
      return 'a value'
  }
}

function unknown(spelling: string, known: readonly string[]): TsinferError {
  const suggestion = nearest(spelling, known)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new TsinferError('option_invalid', `${spelling}: unknown option${hint}`)
}

const invalid = (name: string, wanted: string, found: string): TsinferError =>
  new TsinferError('option_invalid', `${name}: expected ${wanted}, found ${JSON.stringify(found)}`)
