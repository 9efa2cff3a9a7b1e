// Folders for what is kept.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** With those above it. Node's own way of that never returns where a file system knows no such name, as below /proc. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(folder)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    makeFolder(above)
    mkdirSync(folder)
  }
}
