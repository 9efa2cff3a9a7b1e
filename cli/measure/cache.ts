// Where the command line keeps and finds what was measured on this machine.
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** In the user's cache, as the XDG Base Directory Specification has it: relative paths do not count. */
function cached(name: string): string {
  const { XDG_CACHE_HOME = '' } = process.env
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'tsinfer', name)
}

/** What `bench --tune` found best. */
export const tuningFolder = (): string => cached('tuning')

/** What micro-batches take. */
export const costsFile = (): string => cached('costs.json')
