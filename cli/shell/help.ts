// Help texts from the option tables. Pure.
import type { Option, Options } from './arguments.ts'

const NAMES_WIDTH_MAX = 34

/** The help of one command; `usage` begins with the program's name. */
export function commandHelp(usage: string, summary: string, options: Options): string {
  const rows = Object.values(options).map((option): [string, string] => [spellings(option), option.help])
  return [`Usage: ${usage}`, '', summary, '', 'Options:', ...columns(rows), ''].join('\n')
}

/** The help of the whole tool. */
export function generalHelp(commands: readonly { readonly name: string; readonly summary: string }[]): string {
  return [
    'Usage: tsinfer MODEL.gguf [PROMPT] [options]',
    '       tsinfer COMMAND [options]',
    '',
    'Runs GGUF language models on the CPU. A model without a command is for run.',
    '',
    'Commands:',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'tsinfer help COMMAND lists the options of a command, tsinfer --version prints the version.',
    '',
  ].join('\n')
}

const spellings = ({ names, offNames = [], value }: Option): string => {
  const list = [...[...names].sort((a, b) => a.length - b.length), ...offNames].join(', ')
  return value === undefined ? list : `${list} ${value}`
}

/** Two columns, the left one padded. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(NAMES_WIDTH_MAX, Math.max(...rows.map(([left]) => left.length)))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
