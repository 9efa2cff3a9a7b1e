// What Tab puts in place of the end of a command.
import { readdirSync } from 'node:fs'
import { printable } from '../../engine/quoted.ts'

/** The words that begin as `begun` does. */
export const wordsFrom = (words: readonly string[], begun: string): string[] =>
  words.filter((word) => word.startsWith(begun))

/** Files and folders whose paths begin as `begun` does. A name that would steer the terminal is left out. */
export function pathsFrom(begun: string): string[] {
  const folder = begun.slice(0, begun.lastIndexOf('/') + 1)
  const name = begun.slice(folder.length)
  try {
    return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(name) && (name !== '' || !entry.name.startsWith('.')))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .filter((path) => printable(path) === path)
  } catch {
    // No such folder: nothing completes it.
    return []
  }
}
