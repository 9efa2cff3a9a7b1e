// The only file of the engine that touches node:fs. Reads are synchronous on purpose: they run in worker threads and go
// straight from the page cache into stage memory. Only regular files are opened, so nothing here can block on a FIFO.
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, type Stats, statSync } from 'node:fs'
import { systemReason, TsinferError } from '../errors.ts'
import { printable } from '../quoted.ts'
import type { ByteSource, FileIdentity } from './source.ts'

/** One read(2) takes at most this much; Linux itself stops just below 2 GiB. */
const READ_BYTES_MAX = 2 ** 30

export interface FileSource extends ByteSource {
  readonly identity: FileIdentity
  /** @throws TsinferError `file_changed` where the file was written to since it was opened */
  checkUnchanged(): void
  close(): void
}

/**
 * Opens a regular file for reading.
 * @throws TsinferError `file_unreadable` for anything else: missing, a directory, a FIFO, no permission
 */
export function openFile(path: string): FileSource {
  if (path === '') throw new TsinferError('file_unreadable', 'expected the path of a file, found an empty one')
  const shown = printable(path)
  let descriptor: number
  try {
    requireRegular(statSync(path), shown)
    // The file may have been swapped for a FIFO since: without O_NONBLOCK the open itself would wait for a writer.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw unreadable(error, shown)
  }
  try {
    const stats = fstatSync(descriptor)
    requireRegular(stats, shown)
    return fileSource(descriptor, { path, bytes: stats.size, mtimeMs: stats.mtimeMs }, shown)
  } catch (error) {
    closeSync(descriptor)
    throw unreadable(error, shown)
  }
}

/**
 * Opens a file again whose header was read before.
 * @throws TsinferError `file_changed` where its size or time of change differ from then
 */
export function reopenFile(identity: FileIdentity): FileSource {
  const source = openFile(identity.path)
  const { bytes, mtimeMs } = source.identity
  if (bytes === identity.bytes && mtimeMs === identity.mtimeMs) return source
  source.close()
  throw changed(identity, bytes)
}

function fileSource(descriptor: number, identity: FileIdentity, shown: string): FileSource {
  let open = true
  return {
    name: shown,
    bytes: identity.bytes,
    identity,
    readInto(target, offset) {
      let done = 0
      while (done < target.length) {
        const part = target.subarray(done, done + READ_BYTES_MAX)
        const read = readOnce(descriptor, part, offset + done, shown)
        if (read === 0) {
          const expected = `expected ${target.length} bytes at offset ${offset}`
          throw new TsinferError('file_changed', `${shown} was cut while in use: ${expected}, found ${done}`)
        }
        done += read
      }
    },
    checkUnchanged() {
      const { size, mtimeMs } = fstatSync(descriptor)
      if (size !== identity.bytes || mtimeMs !== identity.mtimeMs) throw changed(identity, size)
    },
    close() {
      if (open) closeSync(descriptor)
      open = false
    },
  }
}

function readOnce(descriptor: number, part: Uint8Array, offset: number, shown: string): number {
  try {
    return readSync(descriptor, part, 0, part.length, offset)
  } catch (error) {
    throw unreadable(error, shown)
  }
}

function changed(identity: FileIdentity, bytes: number): TsinferError {
  const detail = bytes === identity.bytes ? 'was written to' : `had ${identity.bytes} bytes, now has ${bytes}`
  return new TsinferError('file_changed', `${printable(identity.path)} changed while in use: it ${detail}`)
}

function requireRegular(stats: Stats, shown: string): void {
  if (stats.isFile()) return
  throw new TsinferError('file_unreadable', `${shown}: expected a regular file, found ${kindOf(stats)}`)
}

/** What something is that is no regular file. */
export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

function unreadable(error: unknown, shown: string): TsinferError {
  if (error instanceof TsinferError) return error
  return new TsinferError('file_unreadable', `${shown}: ${systemReason(error)}`, { cause: error })
}

/** A small text file of the system, such as those below /proc and /sys; undefined where it cannot be read. */
export function readSystemText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
