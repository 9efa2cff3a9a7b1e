// The file of a trace: opened before anything is loaded, so that a wrong path is told at once; written when the threads have
// ended.
import { type FileHandle, open } from 'node:fs/promises'
import { chromeEvents, lostInTrace, type TraceRings, TsinferError } from './engine/index.ts'

/** Events that become text at a time, so that the caller's event loop goes on meanwhile. */
const EVENTS_AT_ONCE = 2000

export class TraceFile {
  readonly #path: string
  readonly #file: FileHandle

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** Empties or makes the file. Rejects with `option_invalid` where that cannot be. */
  static async open(path: string): Promise<TraceFile> {
    try {
      return new TraceFile(path, await open(path, 'w'))
    } catch (error) {
      throw cannotWrite(path, error)
    }
  }

  /** Writes the trace of threads that have ended, as JSON in Chrome's trace event format, and closes the file. */
  async write(rings: TraceRings): Promise<void> {
    const head = { displayTimeUnit: 'ms', otherData: { producer: 'tsinfer', lostRecords: lostInTrace(rings) } }
    try {
      await this.#file.write(`${JSON.stringify(head).slice(0, -1)},"traceEvents":[`)
      let lines: string[] = []
      let separator = '\n'
      const flush = async () => {
        if (lines.length > 0) await this.#file.write(separator + lines.join(',\n'))
        separator = ',\n'
        lines = []
      }
      for (const event of chromeEvents(rings)) {
        if (lines.push(JSON.stringify(event, shortened)) >= EVENTS_AT_ONCE) await flush()
      }
      await flush()
      await this.#file.write('\n]}\n')
    } catch (error) {
      throw cannotWrite(this.#path, error)
    } finally {
      await this.close()
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** Nanoseconds are enough. */
const shortened = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1000) / 1000 : value

const cannotWrite = (path: string, error: unknown): TsinferError => {
  const { code, message } = error as NodeJS.ErrnoException
  return new TsinferError(
    'option_invalid',
    `trace: expected a file that can be written, found ${path} (${code ?? message})`,
  )
}
