// Session files on disk, from the caller's thread and without blocking it: written whole or not at all, read in pieces. A
// checksum runs along with both.
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { systemReason, TsinferError } from '../errors.ts'
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
  readonly #file: OpenFile
  /** Of all before `#at`. */
  readonly #hash: Hash
  #at: number

  private constructor(file: OpenFile, header: SessionHeader, hash: Hash, at: number) {
    this.#file = file
    this.header = header
    this.#hash = hash
    this.#at = at
  }

  /** @throws TsinferError `file_unreadable`, or `session_invalid` for one whose header is not as it was written */
  static async open(path: string): Promise<SessionFile> {
    const file = await OpenFile.open(path)
    const { name, bytes } = file
    try {
      const hash = createHash('sha256')
      const prefix = await file.take(0, Math.min(PREFIX_BYTES, bytes))
      const json = await file.take(PREFIX_BYTES, readPrefix(name, prefix, bytes))
      hash.update(prefix).update(json)
      const at = PREFIX_BYTES + json.length
      const checksum = await file.check(at, hash, 'a header')
      const header = readSessionHeader(name, json, bytes)
      return new SessionFile(file, header, hash.update(checksum), at + CHECKSUM_BYTES)
    } catch (error) {
      await file.close()
      throw unreadable(error, name)
    }
  }

  /** Reads the whole file, but keeps its place. Throws `session_invalid` where it is not as it was written. */
  async check(): Promise<void> {
    const hash = this.#hash.copy()
    const end = this.#file.bytes - CHECKSUM_BYTES
    for (let at = this.#at; at < end; at += PIECE_BYTES) {
      hash.update(await this.#file.take(at, Math.min(PIECE_BYTES, end - at)))
    }
    await this.#file.check(end, hash, 'contents')
  }

  /** The next `count` bytes behind the header. */
  async read(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#file.take(this.#at, count)
    this.#at += count
    this.#hash.update(bytes)
    return bytes
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** A regular file, by places in it. */
class OpenFile {
  readonly name: string
  readonly bytes: number
  readonly #handle: FileHandle

  private constructor(name: string, handle: FileHandle, bytes: number) {
    this.name = name
    this.#handle = handle
    this.bytes = bytes
  }

  /** Throws `file_unreadable`. */
  static async open(path: string): Promise<OpenFile> {
    const name = printable(path)
    let handle: FileHandle | undefined
    try {
      // Without O_NONBLOCK opening a FIFO would wait for a writer.
      handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
      const stats = await handle.stat()
      if (!stats.isFile()) throw new TsinferError('file_unreadable', `${name}: expected a regular file`)
      return new OpenFile(name, handle, stats.size)
    } catch (error) {
      await handle?.close()
      throw unreadable(error, name)
    }
  }

  async take(at: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(count)
    for (let done = 0; done < count; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, count - done, at + done)
      if (bytesRead === 0)
        throw sessionFault(this.name, `${count} more bytes`, `a file that was cut to ${done} of them`)
      done += bytesRead
    }
    return bytes
  }

  /** The checksum at `at`. Throws `session_invalid` unless it is that of what `hash` has been given. */
  async check(at: number, hash: Hash, part: string): Promise<Uint8Array> {
    const checksum = await this.take(at, CHECKSUM_BYTES)
    if (!hash.copy().digest().equals(checksum)) throw damaged(this.name, part)
    return checksum
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function unreadable(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (error instanceof TsinferError || code === undefined) return error
  const found = `${name}: expected a session file, found ${systemReason(error)}`
  return new TsinferError('file_unreadable', found, { cause: error })
}
