// Programs made of commands: runs the command that was asked for, and turns what went wrong into one line and an exit code:
// 0 good, 1 runtime failure, 2 bad input or usage, 130 Ctrl-C.
import { isInputError, TsinferError } from '../../engine/errors.ts'
import { nearest } from '../../engine/options/nearest.ts'
import { namingFlags, type Options, readCommandLine } from './arguments.ts'
import type { Command } from './command.ts'
import { commandHelp } from './help.ts'
import { INTERRUPTED_EXIT_CODE, watchInterrupt } from './interrupt.ts'
import { GENERAL_OPTIONS } from './options.ts'
import { noteLine, outputGone, watchOutput, write } from './output.ts'

export interface Program {
  /** In front of what it tells. */
  readonly name: string
  /** How it is called. */
  readonly call: string
}

export interface CommandEntry {
  readonly name: string
  /** One sentence. */
  readonly summary: string
  readonly load: () => Promise<Command<Options>>
}

/** Runs `main` with the words of the command line and sets the exit code. */
export async function runProgram(
  { name }: Program,
  main: (words: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const words = process.argv.slice(2)
  watchOutput()
  const interruption = watchInterrupt()
  try {
    await main(words, AbortSignal.any([interruption, outputGone]))
  } catch (error) {
    const isStopped = interruption.aborted || outputGone.aborted
    if (!(isStopped && error instanceof TsinferError && error.code === 'aborted')) {
      process.exitCode = report(name, error, words.includes('--debug'))
    }
  }
  if (interruption.aborted) process.exitCode = INTERRUPTED_EXIT_CODE
}

/** Runs one command with the words behind its name. */
export async function execute(
  program: Program,
  entry: CommandEntry,
  words: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const command = await entry.load()
  const table = tableOf(command)
  const { values, positionals, spellings, notices } = readCommandLine(table, words)
  for (const notice of notices) noteLine(`${program.name}: ${notice}`)
  const surplus = positionals[command.positionalsMax]
  if (values.help) return write(helpOf(program, entry, command))
  if (surplus !== undefined) throw surplusWord(surplus)
  try {
    await command.run({ values, positionals, spellings, signal })
  } catch (error) {
    throw namingFlags(error, table, spellings)
  }
}

export const helpOf = ({ call }: Program, { name, summary }: CommandEntry, command: Command): string =>
  commandHelp(`${call} ${name} ${command.usage}`.trimEnd(), summary, tableOf(command))

const tableOf = (command: Command): Options & typeof GENERAL_OPTIONS => ({ ...command.options, ...GENERAL_OPTIONS })

export const surplusWord = (word: string): TsinferError =>
  new TsinferError('option_invalid', `${word}: unexpected argument`)

/** `what` is called for by `name`, but there are only `names`, and whatever `others` says. */
export function unknownName(what: string, name: string, names: readonly string[], others = ''): TsinferError {
  const suggestion = nearest(name, names)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  const wanted = `expected one of ${names.join(', ')}${others}`
  return new TsinferError('option_invalid', `${name}: unknown ${what}, ${wanted}${hint}`)
}

/** Prints why, and returns the exit code. */
function report(program: string, error: unknown, isDebug: boolean): number {
  const message = error instanceof Error ? error.message : String(error)
  noteLine(`${program}: ${message.replace(/\s*\n\s*/g, ' ')}`)
  if (isDebug && error instanceof Error) for (const line of String(error.stack).split('\n')) noteLine(line)
  return isInputError(error) ? 2 : 1
}
