// The one writer of files: sessions, traces, tunings. A file is made beside its place and moved there when it is whole and
// on the disk, so that whoever reads the place, at any time and after any death, finds the old file or the new one.
// Steps that take a moment are synchronous; those that take as long as the file is long are not.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  write,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { unwritable, writableTarget } from './target.ts'
import { sweepStale, temporaryName } from './temporary.ts'

const writeSome = promisify(write)
const sync = promisify(fsync)

/** A file in the making. */
interface Unfinished {
  readonly path: string
  /** -1 once it is closed: its number may be another file's by then. */
  descriptor: number
  /** Where it goes. */
  readonly target: string
}

/**
 * Writes `pieces` to the file at `path`, which is a regular file or none yet; a symbolic link is written through. Whatever
 * fails, the old file stays as it was and nothing else is left.
 * @throws TsinferError `file_unwritable`; and what `pieces` throws
 */
export async function writeWholeFile(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const blame = (error: unknown): never => {
    throw unwritable(path, error)
  }
  const file = begin(path)
  try {
    for await (const piece of pieces) await writeAll(file.descriptor, piece).catch(blame)
    await sync(file.descriptor).catch(blame)
    finish(file, path)
  } catch (error) {
    abandon(file)
    throw error
  }
  syncFolder(dirname(file.target), path)
}

/** The same for a text that is at hand, at once. */
export function writeWholeText(path: string, text: string): void {
  const file = begin(path)
  try {
    const bytes = Buffer.from(text)
    for (let done = 0; done < bytes.length; ) done += writeSync(file.descriptor, bytes, done)
    fsyncSync(file.descriptor)
    finish(file, path)
  } catch (error) {
    abandon(file)
    throw unwritable(path, error)
  }
  syncFolder(dirname(file.target), path)
}

/**
 * Tells at once what writing a file there would fail of. Nothing is left behind, and what is there stays.
 * @throws TsinferError `file_unwritable`
 */
export function checkWritable(path: string): void {
  abandon(begin(path))
}

function begin(path: string): Unfinished {
  const { path: target, old } = writableTarget(path)
  const temporary = temporaryName(target)
  try {
    const descriptor = openSync(temporary, 'wx')
    if (old !== undefined) makeLike(descriptor, old)
    sweepStale(temporary)
    return { path: temporary, descriptor, target }
  } catch (error) {
    throw unwritable(path, error)
  }
}

/** Gives the new file the owner and the permissions of the old one, as far as this process may. */
function makeLike(descriptor: number, { uid, gid, mode }: Stats): void {
  for (const step of [() => fchownSync(descriptor, uid, gid), () => fchmodSync(descriptor, mode & 0o7777)]) {
    try {
      step()
    } catch {
      // A file system without owners, or a file of somebody else.
    }
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await writeSome(descriptor, bytes, done)).bytesWritten
}

function finish(file: Unfinished, path: string): void {
  try {
    close(file)
    renameSync(file.path, file.target)
  } catch (error) {
    throw unwritable(path, error)
  }
}

function close(file: Unfinished): void {
  const { descriptor } = file
  file.descriptor = -1
  if (descriptor !== -1) closeSync(descriptor)
}

function abandon(file: Unfinished): void {
  for (const step of [() => close(file), () => unlinkSync(file.path)]) {
    try {
      step()
    } catch {
      // The file is gone with its folder, or the system could not write what was left of it.
    }
  }
}

/** Faults of a disk; systems that cannot sync a folder, or may not open it, do without. */
const DISK_FAULTS: ReadonlySet<unknown> = new Set(['EIO', 'ENOSPC', 'EDQUOT'])

/** Makes a rename last. */
function syncFolder(folder: string, path: string): void {
  try {
    const descriptor = openSync(folder, 'r')
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (DISK_FAULTS.has((error as NodeJS.ErrnoException).code)) throw unwritable(path, error)
  }
}
