#!/usr/bin/env node
// The command line tool: finds the command, runs it, and turns what went wrong into one line and an exit code:
// 0 good, 1 runtime failure, 2 bad input or usage, 130 Ctrl-C.
import { readFileSync } from 'node:fs'
import { isInputError, TsinferError } from '../engine/errors.ts'
import { type Options, readCommandLine } from './arguments.ts'
import { COMMANDS, type CommandEntry } from './commands.ts'
import { commandHelp, generalHelp } from './help.ts'
import { INTERRUPTED_EXIT_CODE, watchInterrupt } from './interrupt.ts'
import { nearest } from './nearest.ts'
import { GENERAL_OPTIONS } from './options.ts'
import { noteLine, outputGone, watchOutput, write } from './output.ts'

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string

async function main(words: readonly string[], interruption: AbortSignal): Promise<void> {
  const [name, ...rest] = words
  if (name === '-h' || name === '--help') return write(generalHelp(COMMANDS))
  if (name === '--version') return write(`${version()}\n`)
  const entry = COMMANDS.find((command) => command.name === name)
  if (entry === undefined) throw unknownCommand(name)
  await execute(entry, rest, AbortSignal.any([interruption, outputGone]))
}

async function execute(entry: CommandEntry, words: readonly string[], signal: AbortSignal): Promise<void> {
  const command = await entry.load()
  const table: Options & typeof GENERAL_OPTIONS = { ...command.options, ...GENERAL_OPTIONS }
  const { values, positionals, notices } = readCommandLine(table, words)
  for (const notice of notices) noteLine(`tsinfer: ${notice}`)
  const surplus = positionals[command.positionalsMax]
  if (values.help) write(commandHelp(`tsinfer ${entry.name} ${command.usage}`.trimEnd(), entry.summary, table))
  else if (surplus !== undefined) throw new TsinferError('option_invalid', `${surplus}: unexpected argument`)
  else await command.run({ values, positionals, signal })
}

function unknownCommand(name: string | undefined): TsinferError {
  const names = COMMANDS.map((command) => command.name)
  const list = `expected one of ${names.join(', ')}`
  if (name === undefined) return new TsinferError('option_invalid', `command: ${list}, found none`)
  const suggestion = nearest(name, names)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new TsinferError('option_invalid', `${name}: unknown command, ${list}${hint}`)
}

/** Prints why, and returns the exit code. */
function report(error: unknown, isDebug: boolean): number {
  const message = error instanceof Error ? error.message : String(error)
  noteLine(`tsinfer: ${message.replace(/\s*\n\s*/g, ' ')}`)
  if (isDebug && error instanceof Error) for (const line of String(error.stack).split('\n')) noteLine(line)
  return isInputError(error) ? 2 : 1
}

const words = process.argv.slice(2)
watchOutput()
const interruption = watchInterrupt()
try {
  await main(words, interruption)
} catch (error) {
  const isStopped = interruption.aborted || outputGone.aborted
  if (!(isStopped && error instanceof TsinferError && error.code === 'aborted')) {
    process.exitCode = report(error, words.includes('--debug'))
  }
}
if (interruption.aborted) process.exitCode = INTERRUPTED_EXIT_CODE
