// The text a command works on: -p TEXT, -f FILE, or --ids.
import { readFile } from 'node:fs/promises'
import { TsinferError } from '../engine/errors.ts'
import { IDS_OPTION } from './options.ts'

export const FILE_OPTION = {
  kind: 'text',
  names: ['-f', '--file'],
  value: 'FILE',
  help: 'read the text from a file',
} as const
export const TEXT_OPTION = { kind: 'text', names: ['-p', '--prompt'], value: 'TEXT', help: 'the text' } as const
export const INPUT_OPTIONS = { text: TEXT_OPTION, file: FILE_OPTION, ids: IDS_OPTION } as const

export interface InputValues {
  readonly text?: string
  readonly file?: string
  readonly ids?: readonly number[]
}

/** Exactly one of the three; a file is read as UTF-8 and left as it is. */
export async function readInput({ text, file, ids }: InputValues, names: string): Promise<string | readonly number[]> {
  const given = [text, file, ids].filter((value) => value !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : `${given.length} of them`
    throw new TsinferError('option_invalid', `input: expected one of ${names}, found ${found}`)
  }
  return file === undefined ? (text ?? ids!) : readTextFile(file)
}

/** A file as UTF-8, as it is. Rejects with `file_unreadable`. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new TsinferError('file_unreadable', `${path}: expected a readable text file, found ${why}`, { cause })
  }
}
