// Where a file may be written: in place of a regular file that is no model, or where nothing is yet.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { systemReason, TsinferError } from '../errors.ts'
import { kindOf } from '../gguf/file-source.ts'

const LINKS_MAX = 40
const STANDARD_OUTPUTS = [1, 2]

export interface Target {
  /** Absolute, without symbolic links: a link is written through, not replaced. */
  readonly path: string
  /** The file there is. */
  readonly old: Stats | undefined
}

/**
 * What `path` leads to.
 * @throws TsinferError `file_unwritable` where that is neither a regular file that may be written nor a free name in a
 * folder that is there
 */
export function writableTarget(path: string): Target {
  try {
    const old = statSync(path, { throwIfNoEntry: false })
    if (old === undefined) return { path: freeName(path), old }
    if (!old.isFile()) throw unwritable(path, kindOf(old))
    // Moving a file over it would part it from the descriptor that goes on writing to the old one.
    if (STANDARD_OUTPUTS.some((descriptor) => isSame(descriptor, old))) {
      throw unwritable(path, 'where standard output goes')
    }
    if (isModel(path)) throw unwritable(path, 'a model')
    accessSync(path, constants.W_OK)
    return { path: realpathSync(path), old }
  } catch (error) {
    throw unwritable(path, error)
  }
}

const MODEL_MAGIC = 'GGUF'

/** A slip of the pen, such as `--trace model.gguf`, must not cost gigabytes that somebody else made. */
function isModel(path: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    const bytes = Buffer.alloc(MODEL_MAGIC.length)
    return readSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length && bytes.toString() === MODEL_MAGIC
  } finally {
    closeSync(descriptor)
  }
}

/** The place of a file that is not there, behind all symbolic links: the last of them may lead to nothing. */
function freeName(path: string): string {
  let name = path
  for (let links = 0; links <= LINKS_MAX; links++) {
    if (name === '' || /[\\/]$/.test(name)) throw unwritable(path, name === '' ? 'an empty path' : 'a directory')
    const folder = folderOf(dirname(name), path)
    const place = join(folder, basename(name))
    if (lstatSync(place, { throwIfNoEntry: false }) === undefined) return place
    const link = readlinkSync(place)
    name = isAbsolute(link) ? link : join(folder, link)
  }
  throw unwritable(path, systemReason({ code: 'ELOOP' }))
}

function folderOf(folder: string, path: string): string {
  const stats = statSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) throw unwritable(path, 'no such directory')
  if (!stats.isDirectory()) throw unwritable(path, 'a part of the path that is not a directory')
  return realpathSync(folder)
}

function isSame(descriptor: number, { dev, ino }: Stats): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.dev === dev && stats.ino === ino
  } catch {
    return false
  }
}

/** The error of a file that cannot be written; `found` in words, or what the system threw. */
export function unwritable(path: string, found: unknown): TsinferError {
  if (found instanceof TsinferError) return found
  const why = typeof found === 'string' ? found : systemReason(found)
  const message = `${path}: expected a file that can be written, found ${why}`
  return new TsinferError('file_unwritable', message, typeof found === 'string' ? undefined : { cause: found })
}
