// What every command is: options as data and a function. One command per file.
import type { Options, Values } from './arguments.ts'

export interface Invocation<Table extends Options> {
  readonly values: Values<Table>
  readonly positionals: readonly string[]
  /** How each option that was given was spelled, by its key. */
  readonly spellings: ReadonlyMap<string, string>
  /** Fires at Ctrl-C and when nobody reads the output any more. */
  readonly signal: AbortSignal
}

export interface Command<Table extends Options = Options> {
  /** After the command's name in the first line of the help. */
  readonly usage: string
  /** Most words that are no options. */
  readonly positionalsMax: number
  readonly options: Table
  run(invocation: Invocation<Table>): Promise<void>
}

/** Keeps the table's exact type for `run`. */
export const defineCommand = <const Table extends Options>(command: Command<Table>): Command<Table> => command
