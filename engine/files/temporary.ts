// Files in the making: how they are called, and which of them nobody will finish. A name tells the process by what no two
// processes share while both live: the machine's boot, the namespaces that count processes and time, the number in there
// and the moment of its start. The number alone means little: in a container every process may be number 1.
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const NAME_BYTES_MAX = 255
/** No process pauses that long in the middle of a file, and another machine's clock is not asked (see `isStale`). */
const STALE_MS = 24 * 3600 * 1000
/** Where a name ends that is ours: the place of the process, its number, its start, and chance. */
const OURS = /\.tsinfer-([0-9a-f]{16})-(\d+)-(\d+)-[0-9a-f]{16}\.tmp$/

/** A name beside `path` that no file has or had. It begins as that of `path` does. */
export function temporaryName(path: string): string {
  const start = startOf(process.pid)?.start ?? '0'
  const end = `.tsinfer-${placeOfProcesses() ?? '0'.repeat(16)}-${process.pid}-${start}-${randomHex()}.tmp`
  return join(dirname(path), `${cut(basename(path), NAME_BYTES_MAX - end.length)}${end}`)
}

/** Removes what processes that are gone have left in the folder of `fresh`, a file in the making that was begun just now. */
export function sweepStale(fresh: string): void {
  const folder = dirname(fresh)
  try {
    const now = lstatSync(fresh).mtimeMs
    for (const name of readdirSync(folder)) {
      const mark = OURS.exec(name)
      if (mark) removeStale(join(folder, name), mark, now)
    }
  } catch {
    // A folder that cannot be read may be written to all the same.
  }
}

function removeStale(path: string, mark: RegExpExecArray, now: number): void {
  try {
    const stats = lstatSync(path)
    if (stats.isFile() && isStale(mark, now - stats.mtimeMs)) unlinkSync(path)
  } catch {
    // It was finished or swept by another process, or belongs to another user.
  }
}

/** `ageMs` is measured by the clock of the file system, which all who share it share. */
function isStale([, place, number, start]: RegExpExecArray, ageMs: number): boolean {
  const isHere = place === placeOfProcesses()
  // Of another machine's processes, and other containers', nothing is known but how long they have been silent.
  if (!isHere) return ageMs > STALE_MS
  return isGone(Number(number), start!)
}

function isGone(pid: number, start: string): boolean {
  if (!isProcess(pid)) return true
  const found = startOf(pid)
  // Where /proc hides the processes of other users, a number in use is taken for the same process.
  return found !== undefined && (found.start !== start || found.isDead)
}

function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Undefined where the system does not tell: only age counts there. */
function placeOfProcesses(): string | undefined {
  try {
    // What is mounted there may count processes as another namespace does.
    if (linkOf('/proc/self') !== String(process.pid)) return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    const spaces = ['pid', 'time'].map((kind) => linkOf(`/proc/self/ns/${kind}`))
    if (startOf(process.pid) === undefined || spaces[0] === '') return undefined
    return createHash('sha256')
      .update([boot, ...spaces].join('\n'))
      .digest('hex')
      .slice(0, 16)
  } catch {
    return undefined
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Ticks from the boot to the start of a process (proc_pid_stat(5), field 22), and whether only its exit code is left. */
function startOf(pid: number): { start: string; isDead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses that may hold anything.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const start = rest[18]
    return start === undefined ? undefined : { start, isDead: state === 'Z' || state === 'X' }
  } catch {
    return undefined
  }
}

const randomHex = (): string => randomBytes(8).toString('hex')

/** The beginning of a name, of whole characters. */
function cut(name: string, bytesMax: number): string {
  const characters = [...name]
  while (Buffer.byteLength(characters.join('')) > bytesMax) characters.pop()
  return characters.join('')
}
