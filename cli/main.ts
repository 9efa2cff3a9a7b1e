#!/usr/bin/env node
// The command line tool: finds the command, runs it, and turns what went wrong into one line and an exit code:
// 0 good, 1 runtime failure, 2 bad input or usage, 130 Ctrl-C.
import { existsSync, readFileSync } from 'node:fs'
import { isInputError, TsinferError } from '../engine/errors.ts'
import { nearest } from '../engine/options/nearest.ts'
import { COMMANDS, type CommandEntry } from './commands.ts'
import { namingFlags, type Options, readCommandLine } from './shell/arguments.ts'
import type { Command } from './shell/command.ts'
import { commandHelp, generalHelp } from './shell/help.ts'
import { INTERRUPTED_EXIT_CODE, watchInterrupt } from './shell/interrupt.ts'
import { GENERAL_OPTIONS } from './shell/options.ts'
import { noteLine, outputGone, watchOutput, write } from './shell/output.ts'

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string

async function main(words: readonly string[], interruption: AbortSignal): Promise<void> {
  const [name, ...rest] = words
  if (name === undefined || name === '-h' || name === '--help') return write(generalHelp(COMMANDS))
  if (name === '-v' || name === '--version' || name === 'version') return write(`${version()}\n`)
  if (name === 'help') return help(rest)
  const entry = COMMANDS.find((command) => command.name === name)
  const signal = AbortSignal.any([interruption, outputGone])
  if (entry !== undefined) await execute(entry, rest, signal)
  else if (isForRun(name)) await execute(commandCalled('run'), words, signal)
  else throw unknownCommand(name)
}

/** What begins with an option or a model instead of a command. */
const isForRun = (word: string): boolean => word.startsWith('-') || /\.gguf$/i.test(word) || existsSync(word)

async function help([name, surplus]: readonly string[]): Promise<void> {
  if (name === undefined) return write(generalHelp(COMMANDS))
  if (surplus !== undefined) throw surplusWord(surplus)
  const entry = commandCalled(name)
  write(helpOf(entry, await entry.load()))
}

const helpOf = (entry: CommandEntry, command: Command): string =>
  commandHelp(`tsinfer ${entry.name} ${command.usage}`.trimEnd(), entry.summary, tableOf(command))

const tableOf = (command: Command): Options & typeof GENERAL_OPTIONS => ({ ...command.options, ...GENERAL_OPTIONS })

async function execute(entry: CommandEntry, words: readonly string[], signal: AbortSignal): Promise<void> {
  const command = await entry.load()
  const table = tableOf(command)
  const { values, positionals, spellings, notices } = readCommandLine(table, words)
  for (const notice of notices) noteLine(`tsinfer: ${notice}`)
  const surplus = positionals[command.positionalsMax]
  if (values.help) return write(helpOf(entry, command))
  if (surplus !== undefined) throw surplusWord(surplus)
  try {
    await command.run({ values, positionals, spellings, signal })
  } catch (error) {
    throw namingFlags(error, table, spellings)
  }
}

function commandCalled(name: string): CommandEntry {
  const entry = COMMANDS.find((command) => command.name === name)
  if (entry === undefined) throw unknownCommand(name)
  return entry
}

const surplusWord = (word: string): TsinferError => new TsinferError('option_invalid', `${word}: unexpected argument`)

function unknownCommand(name: string): TsinferError {
  const names = [...COMMANDS.map((command) => command.name), 'help', 'version']
  const suggestion = nearest(name, names)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  const wanted = `expected one of ${names.join(', ')} or the file of a model`
  return new TsinferError('option_invalid', `${name}: unknown command, ${wanted}${hint}`)
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
