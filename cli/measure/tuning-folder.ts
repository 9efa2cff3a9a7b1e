// Where the command line keeps and finds what `bench --tune` measured.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** In the user's cache, as the XDG Base Directory Specification has it: relative paths do not count. */
export function tuningFolder(): string {
  const { XDG_CACHE_HOME = '' } = process.env
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'tsinfer', 'tuning')
}
