// Command line: node dist/bench/main.js BENCH [options]. Finds a bench by its name and runs it.
import { execute, runProgram, unknownName } from '../cli/shell/execute.ts'
import { columns } from '../cli/shell/help.ts'
import { write } from '../cli/shell/output.ts'
import { TsinferError } from '../engine/index.ts'
import { BENCHES } from './commands.ts'

const PROGRAM = { name: 'bench', call: 'node dist/bench/main.js' }
const NAMES = BENCHES.map(({ name }) => name)
const HELP = [
  `Usage: ${PROGRAM.call} BENCH [options]`,
  '',
  ...columns(BENCHES.map(({ name, summary }) => [name, summary])),
  '',
  'BENCH --help lists its options.',
  '',
].join('\n')

await runProgram(PROGRAM, async ([name, ...words], signal) => {
  if (name === '-h' || name === '--help') return write(HELP)
  if (name === undefined) {
    throw new TsinferError('option_invalid', `bench: expected one of ${NAMES.join(', ')}, found none`)
  }
  const entry = BENCHES.find((bench) => bench.name === name)
  if (entry === undefined) throw unknownName('bench', name, NAMES)
  await execute(PROGRAM, entry, words, signal)
})
