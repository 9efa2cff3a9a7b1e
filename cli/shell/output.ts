// The two streams of the process. Results go to standard output as they are made, everything else to standard error.
// A reader that goes away (`tsinfer run | head`) is no error: it ends the work. An output that cannot be written, such as
// a full disk, is one.
import { systemReason } from '../../engine/errors.ts'
import { printable } from '../../engine/quoted.ts'
import { steeringFree } from './terminal-text.ts'

const gone = new AbortController()
/** Fires when standard output cannot be written any more. */
export const outputGone: AbortSignal = gone.signal

/** Call once, before anything is written. */
export function watchOutput(): void {
  process.stdout.on('error', lose)
  // There is nowhere left to say it.
  process.stderr.on('error', () => {})
}

function lose(error: NodeJS.ErrnoException): void {
  if (gone.signal.aborted) return
  gone.abort()
  if (error.code === 'EPIPE') return
  process.exitCode = 1
  noteLine(`tsinfer: standard output: expected to write, found ${systemReason(error)}`)
}

/** Writes a text of our own to standard output. */
export function write(text: string): void {
  if (gone.signal.aborted) return
  try {
    process.stdout.write(text)
  } catch (error) {
    // Files are written at once, and so is what goes wrong with them.
    lose(error as NodeJS.ErrnoException)
  }
}

/** Writes what a model or a template made. A terminal is not steered by it, unless `isRaw`; files and pipes get all. */
export function writeMade(text: string, isRaw: boolean | undefined): void {
  write(process.stdout.isTTY === true && isRaw !== true ? steeringFree(text) : text)
}

/**
 * Writes a value as one line of JSON. Integers beyond 2^53 become texts, infinities and NaN null; what would steer a
 * terminal is escaped.
 */
export function writeJson(value: unknown): void {
  write(`${printable(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)))}\n`)
}

/** Writes to standard error. */
export function note(text: string): void {
  process.stderr.write(text)
}

/** Writes one line to standard error, whatever `text` holds. */
export function noteLine(text: string): void {
  note(`${printable(text)}\n`)
}
