// Finds a bench by its name, reads its options, runs it; what goes wrong becomes one line and an exit code (2 = usage).
import { type Options, readCommandLine } from '../cli/shell/arguments.ts'
import { columns, commandHelp } from '../cli/shell/help.ts'
import { INTERRUPTED_EXIT_CODE, watchInterrupt } from '../cli/shell/interrupt.ts'
import { GENERAL_OPTIONS } from '../cli/shell/options.ts'
import { note, outputGone, watchOutput, write } from '../cli/shell/output.ts'
import { isInputError, TsinferError } from '../engine/index.ts'
import { nearest } from '../engine/options/nearest.ts'
import { BENCHES } from './commands.ts'

const PROGRAM = 'node dist/bench/main.js'
const NAMES = BENCHES.map(({ name }) => name)

/** Runs the bench that `words` ask for and sets the exit code. */
export async function runBench(words: readonly string[]): Promise<void> {
  watchOutput()
  const interruption = watchInterrupt()
  try {
    await execute(words, AbortSignal.any([interruption, outputGone]))
  } catch (error) {
    process.exitCode = interruption.aborted ? INTERRUPTED_EXIT_CODE : report(error, words.includes('--debug'))
  }
}

async function execute([name, ...rest]: readonly string[], signal: AbortSignal): Promise<void> {
  if (name === '-h' || name === '--help') return write(help())
  const entry = BENCHES.find((bench) => bench.name === name)
  if (entry === undefined) throw unknownBench(name)
  const command = await entry.load()
  const table: Options & typeof GENERAL_OPTIONS = { ...command.options, ...GENERAL_OPTIONS }
  const { values, positionals, spellings } = readCommandLine(table, rest)
  const surplus = positionals[command.positionalsMax]
  if (values.help) return write(commandHelp(`${PROGRAM} ${entry.name} ${command.usage}`, entry.summary, table))
  if (surplus !== undefined) throw new TsinferError('option_invalid', `${surplus}: unexpected argument`)
  await command.run({ values, positionals, spellings, signal })
}

const help = (): string =>
  [
    `Usage: ${PROGRAM} BENCH [options]`,
    '',
    ...columns(BENCHES.map(({ name, summary }) => [name, summary])),
    '',
    'BENCH --help lists its options.',
    '',
  ].join('\n')

function unknownBench(name: string | undefined): TsinferError {
  const list = `expected one of ${NAMES.join(', ')}`
  if (name === undefined) return new TsinferError('option_invalid', `bench: ${list}, found none`)
  const suggestion = nearest(name, NAMES)
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
  return new TsinferError('option_invalid', `${name}: unknown bench, ${list}${hint}`)
}

function report(error: unknown, isDebug: boolean): number {
  const message = error instanceof Error ? error.message : String(error)
  note(`bench: ${message.replace(/\s*\n\s*/g, ' ')}\n`)
  if (isDebug && error instanceof Error) note(`${error.stack}\n`)
  return isInputError(error) ? 2 : 1
}
