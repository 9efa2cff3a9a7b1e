#!/usr/bin/env node
// The command line tool: finds the command and runs it.
import { existsSync, readFileSync } from 'node:fs'
import { COMMANDS } from './commands.ts'
import { type CommandEntry, execute, helpOf, runProgram, surplusWord, unknownName } from './shell/execute.ts'
import { generalHelp } from './shell/help.ts'
import { write } from './shell/output.ts'

const PROGRAM = { name: 'tsinfer', call: 'tsinfer' }

const version = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version as string

async function main(words: readonly string[], signal: AbortSignal): Promise<void> {
  const [name, ...rest] = words
  if (name === undefined || name === '-h' || name === '--help') return write(generalHelp(COMMANDS))
  if (name === '-v' || name === '--version' || name === 'version') return write(`${version()}\n`)
  if (name === 'help') return help(rest)
  const isCommand = COMMANDS.some((command) => command.name === name)
  if (!isCommand && isForRun(name)) return execute(PROGRAM, commandCalled('run'), words, signal)
  await execute(PROGRAM, commandCalled(name), rest, signal)
}

/** What begins with an option or a model instead of a command. */
const isForRun = (word: string): boolean => word.startsWith('-') || /\.gguf$/i.test(word) || existsSync(word)

async function help([name, surplus]: readonly string[]): Promise<void> {
  if (name === undefined) return write(generalHelp(COMMANDS))
  if (surplus !== undefined) throw surplusWord(surplus)
  const entry = commandCalled(name)
  write(helpOf(PROGRAM, entry, await entry.load()))
}

function commandCalled(name: string): CommandEntry {
  const entry = COMMANDS.find((command) => command.name === name)
  if (entry !== undefined) return entry
  const names = [...COMMANDS.map((command) => command.name), 'help', 'version']
  throw unknownName('command', name, names, ' or the file of a model')
}

await runProgram(PROGRAM, main)
