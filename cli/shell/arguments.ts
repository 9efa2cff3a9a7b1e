// From the words of a command line to typed values. Pure. A command describes its options as data; the same data prints
// its help. Spellings are llama.cpp's, such as `-md`, which parsers of Unix options read as `-m -d`.
import { TsinferError } from '../../engine/errors.ts'
import { range } from '../../engine/options/kinds.ts'
import { nearest } from '../../engine/options/nearest.ts'

export interface Option {
  readonly kind: 'flag' | 'text' | 'integer' | 'number' | 'integers' | 'choice' | 'texts'
  /** Every spelling with its dashes, the usual one first. */
  readonly names: readonly string[]
  /** Older spellings: understood, with a notice, and not in the help. */
  readonly olderNames?: readonly string[]
  /** Of a flag: spellings that say no. */
  readonly offNames?: readonly string[]
  /** What stands for the value in the help; absent for flags. */
  readonly value?: string
  readonly help: string
  /** Bounds of a number. */
  readonly least?: number
  readonly most?: number
  /** A bound that is no possible value itself. */
  readonly above?: number
  /** How many integers, where that is fixed. */
  readonly count?: number
  /** Of texts: what stands between them in one word. */
  readonly separator?: string
  /** Of texts: the word that stands for an empty list. */
  readonly none?: string
  /** Given several times, the integers or texts add up to one list. */
  readonly repeats?: boolean
  /** Allowed words of a choice. */
  readonly choices?: readonly string[]
}
export type Options = Readonly<Record<string, Option>>

type TypedValue<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'integer' | 'number'
    ? number
    : O['kind'] extends 'integers'
      ? readonly number[]
      : O['kind'] extends 'texts'
        ? readonly string[]
        : O extends { readonly choices: readonly (infer Word)[] }
          ? Word
          : string
/** What was given, by the keys of the option table. */
export type Values<Table extends Options> = { readonly [Key in keyof Table]?: TypedValue<Table[Key]> }

interface CommandLine<Table extends Options> {
  readonly values: Values<Table>
  readonly positionals: readonly string[]
  /** How each option that was given was spelled, by its key. */
  readonly spellings: ReadonlyMap<string, string>
  /** What to tell the user about the words, a line each. */
  readonly notices: readonly string[]
}

interface Spelled {
  readonly key: string
  readonly option: Option
  readonly isOff: boolean
  readonly isOlder: boolean
}

/**
 * Reads the words after the command's name. The last of several equal options counts.
 * Throws `option_invalid` for unknown options (naming the nearest known one), missing values and values out of bounds.
 */
export function readCommandLine<Table extends Options>(table: Table, words: readonly string[]): CommandLine<Table> {
  const bySpelling = spellingsOf(table)
  const values: Record<string, unknown> = {}
  const spellings = new Map<string, string>()
  const notices: string[] = []
  const positionals: string[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!
    if (word === '--')
      return {
        values: values as Values<Table>,
        positionals: [...positionals, ...words.slice(at + 1)],
        spellings,
        notices,
      }
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word)
      continue
    }
    const [spelling = '', ...rest] = word.split('=')
    const spelled = bySpelling.get(spelling)
    if (spelled === undefined) throw unknown(spelling, [...bySpelling.keys()])
    const { key, option, isOff, isOlder } = spelled
    const inline = rest.length > 0 ? rest.join('=') : undefined
    if (isOlder) notices.push(`${spelling}: now called ${option.names[0]}`)
    spellings.set(key, spelling)
    if (option.kind === 'flag') {
      if (inline !== undefined) throw invalid(spelling, 'no value', inline)
      values[key] = !isOff
      continue
    }
    const value = readValue(option, spelling, inline ?? nextWord(option, spelling, words[++at], bySpelling))
    values[key] =
      option.repeats && Array.isArray(values[key]) ? [...(values[key] as unknown[]), ...(value as unknown[])] : value
  }
  return { values: values as Values<Table>, positionals, spellings, notices }
}

function spellingsOf(table: Options): Map<string, Spelled> {
  const found = new Map<string, Spelled>()
  for (const [key, option] of Object.entries(table)) {
    const { names, olderNames = [], offNames = [] } = option
    for (const name of names) found.set(name, { key, option, isOff: false, isOlder: false })
    for (const name of olderNames) found.set(name, { key, option, isOff: false, isOlder: true })
    for (const name of offNames) found.set(name, { key, option, isOff: true, isOlder: false })
  }
  return found
}

/** The word after an option, as its value. */
function nextWord(
  option: Option,
  spelling: string,
  word: string | undefined,
  bySpelling: ReadonlyMap<string, unknown>,
): string {
  if (word === undefined) throw new TsinferError('option_invalid', `${spelling}: expected ${expected(option)} after it`)
  if (!bySpelling.has(word)) return word
  const how = `write ${spelling}=${word} if it is meant as a value`
  throw new TsinferError(
    'option_invalid',
    `${spelling}: expected ${expected(option)}, found the option ${word}; ${how}`,
  )
}

function readValue(option: Option, spelling: string, text: string): string | number | number[] | string[] {
  switch (option.kind) {
    case 'integer':
    case 'number':
      return readNumber(option, spelling, text)
    case 'integers': {
      const parts = text.split(',')
      if (option.count !== undefined && parts.length !== option.count) throw invalid(spelling, expected(option), text)
      return parts.map((part) => readNumber(option, spelling, part))
    }
    case 'texts':
      if (text === option.none) return []
      return option.separator === undefined ? [text] : text.split(option.separator)
    case 'choice':
      if (option.choices!.includes(text)) return text
      throw invalid(spelling, expected(option), text)
    default:
      return text
  }
}

function readNumber(option: Option, spelling: string, text: string): number {
  const trimmed = text.trim()
  const isWellFormed = option.kind === 'number' ? trimmed !== '' : /^[+-]?\d+$/.test(trimmed)
  const value = isWellFormed ? Number(trimmed) : Number.NaN
  const { least = -Infinity, most = Infinity, above = -Infinity } = option
  if (Number.isFinite(value) && value >= least && value <= most && value > above) return value
  throw invalid(spelling, expected(option), text)
}

/** What an option wants, for messages. */
function expected({ kind, count, choices, ...bounded }: Option): string {
  const bounds = range(bounded)
  switch (kind) {
    case 'integer':
      return `an integer${bounds}`
    case 'number':
      return `a number${bounds}`
    case 'integers':
      return `${count === undefined ? '' : `${count} `}integers${bounds} separated by commas`
    case 'choice':
      return `one of ${choices!.join(', ')}`
    default:
      return 'a value'
  }
}

/**
 * An error of the library in the words of the command line: it names options by their keys, a user knows the flag that was
 * typed. Other errors stay as they are.
 */
export function namingFlags(error: unknown, table: Options, spellings: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof TsinferError) || error.code !== 'option_invalid') return error
  const flagOf = (key: string) =>
    Object.hasOwn(table, key) ? (spellings.get(key) ?? table[key]!.names[0]!) : undefined
  // A key of several words is no word of a sentence; one of a single word is meant where the message begins with it.
  const message = error.message
    .replace(/^(?:draft[ .])?([a-z]\w*)(?=:)/, (all, key: string) => flagOf(key) ?? all)
    .replace(/(?<![\w."-])[a-z]+[A-Z]\w*/g, (key) => flagOf(key) ?? key)
  return message === error.message ? error : new TsinferError(error.code, message, { cause: error })
}

function unknown(spelling: string, known: readonly string[]): TsinferError {
  const suggestion = nearest(spelling, known)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new TsinferError('option_invalid', `${spelling}: unknown option${hint}`)
}

const invalid = (name: string, wanted: string, found: string): TsinferError =>
  new TsinferError('option_invalid', `${name}: expected ${wanted}, found ${JSON.stringify(found)}`)
