// Session files on disk, from the caller's thread and without blocking it: written whole or not at all, read in pieces. A
// checksum runs along with both.
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { TsinferError } from '../errors.ts'
import { writeWholeFile } from '../files/whole-file.ts'
import { printable } from '../quoted.ts'
import {
  CHECKSUM_BYTES,
  damaged,
  encodeHeader,
  PREFIX_BYTES,
  readPrefix,
  readSessionHeader,
  type SessionHeader,
  sessionFault,
} from './session-header.ts'

/** Pieces of this size keep the caller's thread free: hashing one takes about half a millisecond. */
export const PIECE_BYTES = 1 << 20

/**
 * Writes a session file. The old file at `path` stays whole until the new one is.
 * @throws TsinferError `file_unwritable` where the file cannot be written; and what `body` throws
 */
export const writeSessionFile = (path: string, header: SessionHeader, body: AsyncIterable<Uint8Array>): Promise<void> =>
  writeWholeFile(path, withChecksums(header, body))

async function* withChecksums(header: SessionHeader, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  const hashed = (bytes: Uint8Array) => {
    hash.update(bytes)
    return bytes
  }
  yield hashed(encodeHeader(header))
  yield hashed(hash.copy().digest())
  for await (const bytes of body) yield hashed(bytes)
  yield hash.digest()
}

/** A session file whose header is right. */
export class SessionFile {
  readonly header: SessionHeader
  readonly #name: string
  readonly #file: FileHandle
  /** Of all before `#at`. */
  readonly #hash: Hash
  #at: number
  readonly #bytes: number

  private constructor(name: string, file: FileHandle, header: SessionHeader, hash: Hash, at: number, bytes: number) {
    this.#name = name
    this.#file = file
    this.header = header
    this.#hash = hash
    this.#at = at
    this.#bytes = bytes
  }

  /** @throws TsinferError `file_unreadable`, or `session_invalid` for one whose header is not as it was written */
  static async open(path: string): Promise<SessionFile> {
    const name = printable(path)
    let file: FileHandle
    try {
      // Without O_NONBLOCK opening a FIFO would wait for a writer.
      file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    } catch (error) {
      throw unreadable(error, name)
    }
    try {
      const stats = await file.stat()
      if (!stats.isFile()) throw new TsinferError('file_unreadable', `${name}: expected a regular file`)
      const hash = createHash('sha256')
      const prefix = await take(file, 0, Math.min(PREFIX_BYTES, stats.size), name)
      const json = await take(file, PREFIX_BYTES, readPrefix(name, prefix, stats.size), name)
      hash.update(prefix).update(json)
      const at = PREFIX_BYTES + json.length
      await compare(file, at, hash, name, 'a header')
      const checksum = hash.copy().digest()
      const header = readSessionHeader(name, json, stats.size)
      return new SessionFile(name, file, header, hash.update(checksum), at + CHECKSUM_BYTES, stats.size)
    } catch (error) {
      await file.close()
      throw unreadable(error, name)
    }
  }

  /** Reads the whole file, but keeps its place. Throws `session_invalid` where it is not as it was written. */
  async check(): Promise<void> {
    const hash = this.#hash.copy()
    const end = this.#bytes - CHECKSUM_BYTES
    for (let at = this.#at; at < end; at += PIECE_BYTES) {
      hash.update(await take(this.#file, at, Math.min(PIECE_BYTES, end - at), this.#name))
    }
    await compare(this.#file, end, hash, this.#name, 'contents')
  }

  /** The next `count` bytes behind the header. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await take(this.#file, this.#at, count, this.#name)
    this.#at += count
    this.#hash.update(bytes)
    return bytes
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Throws `session_invalid` unless the checksum at `at` is that of what `hash` has been given. */
async function compare(file: FileHandle, at: number, hash: Hash, name: string, part: string): Promise<void> {
  const checksum = await take(file, at, CHECKSUM_BYTES, name)
  if (!hash.copy().digest().equals(checksum)) throw damaged(name, part)
}

async function take(file: FileHandle, at: number, count: number, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count)
  for (let done = 0; done < count; ) {
    const { bytesRead } = await file.read(bytes, done, count - done, at + done)
    if (bytesRead === 0) throw sessionFault(name, `${count} more bytes`, `a file that was cut to ${done} of them`)
    done += bytesRead
  }
  return bytes
}

function unreadable(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof TsinferError || code === undefined) return error
  const found = code === 'ENOENT' ? 'no such file' : code
  return new TsinferError('file_unreadable', `${name}: expected a session file, found ${found}`, { cause: error })
}
