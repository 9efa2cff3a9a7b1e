// The text a command works on: -p TEXT, -f FILE, or --ids. Bytes from outside are read up to a bound, and are UTF-8 or
// refused: what cannot be decoded would otherwise be replaced without a word.
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { type ErrorCode, systemReason, TsinferError } from '../../engine/errors.ts'
import { IDS_OPTION } from './options.ts'

export const FILE_OPTION = {
  kind: 'text',
  names: ['-f', '--file'],
  value: 'FILE',
  help: 'read the text from a file',
} as const
export const TEXT_OPTION = { kind: 'text', names: ['-p', '--prompt'], value: 'TEXT', help: 'the text' } as const
export const INPUT_OPTIONS = { text: TEXT_OPTION, file: FILE_OPTION, ids: IDS_OPTION } as const

interface InputValues {
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

/** Bytes of a text: many times what fits the longest context. Devices and pipes may never end. */
const TEXT_BYTES_MAX = 1 << 26

/** All of a stream as UTF-8, as it is; `source` names it. Rejects with `code` for more than 64 MiB and for other bytes. */
export async function readStreamText(stream: AsyncIterable<Buffer>, source: string, code: ErrorCode): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > TEXT_BYTES_MAX) {
      throw new TsinferError(code, `${source}: expected at most ${TEXT_BYTES_MAX >> 20} MiB of text, found more`)
    }
  }
  const bytes = Buffer.concat(chunks)
  if (isUtf8(bytes)) return bytes.toString('utf8')
  const at = firstOdd(bytes)
  const found = `0x${bytes[at]!.toString(16).padStart(2, '0')}`
  throw new TsinferError(code, `${source}: expected UTF-8 text, found the byte ${found} at offset ${at}`)
}

/** Where the first character begins that is none. */
function firstOdd(bytes: Uint8Array): number {
  const isGood = (length: number): boolean => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length), { stream: true })
      return true
    } catch {
      return false
    }
  }
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (isGood(middle)) good = middle
    else bad = middle
  }
  return good
}

/** A file as UTF-8, as it is. Rejects with `file_unreadable`. */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readStreamText(createReadStream(path), path, 'file_unreadable')
  } catch (cause) {
    if (cause instanceof TsinferError) throw cause
    const why = systemReason(cause)
    throw new TsinferError('file_unreadable', `${path}: expected a readable text file, found ${why}`, { cause })
  }
}
