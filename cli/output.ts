// The two streams of the process. Results go to standard output as they are made, everything else to standard error.
// A reader that goes away (`tsinfer run | head`) is no error: it ends the work.

const gone = new AbortController()
/** Fires when nobody reads standard output any more. */
export const outputGone: AbortSignal = gone.signal

/** Call once, before anything is written. */
export function watchOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone.abort()
  })
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Writes to standard output. */
export function write(text: string): void {
  if (!gone.signal.aborted) process.stdout.write(text)
}

/** Writes a value as one line of JSON. Integers beyond 2^53 become texts, infinities and NaN null. */
export function writeJson(value: unknown): void {
  write(`${JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))}\n`)
}

/** Writes to standard error. */
export function note(text: string): void {
  process.stderr.write(text)
}

/** Shows what the library's `onNotice` is told. */
export const showNotice = (notice: string): void => note(`${notice}\n`)
