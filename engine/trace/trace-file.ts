// The file of a trace: its path is tried before anything is loaded, so that a wrong one is told at once; it is written when
// the threads have ended.
import { TsinferError } from '../errors.ts'
import { checkWritable, writeWholeFile } from '../files/whole-file.ts'
import { chromeEvents, lostInTrace } from './trace-events.ts'
import type { TraceRings } from './trace-rings.ts'

/** Events that become text at a time, so that the caller's event loop goes on meanwhile. */
const EVENTS_AT_ONCE = 2000

/** @throws TsinferError `option_invalid` where no file can be written at `path` */
export function checkTracePath(path: string): void {
  try {
    checkWritable(path)
  } catch (error) {
    throw new TsinferError('option_invalid', `trace: ${(error as TsinferError).message}`, { cause: error })
  }
}

/**
 * Writes the trace of threads that have ended, as JSON in Chrome's trace event format.
 * @throws TsinferError `file_unwritable`; the file that was there stays then
 */
export const writeTrace = (path: string, rings: TraceRings): Promise<void> => writeWholeFile(path, traceTexts(rings))

async function* traceTexts(rings: TraceRings): AsyncGenerator<Uint8Array> {
  const head = { displayTimeUnit: 'ms', otherData: { producer: 'tsinfer', lostRecords: lostInTrace(rings) } }
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"traceEvents":[`)
  let lines: string[] = []
  let separator = '\n'
  for (const event of chromeEvents(rings)) {
    if (lines.push(JSON.stringify(event, shortened)) < EVENTS_AT_ONCE) continue
    yield Buffer.from(separator + lines.join(',\n'))
    separator = ',\n'
    lines = []
  }
  if (lines.length > 0) yield Buffer.from(separator + lines.join(',\n'))
  yield Buffer.from('\n]}\n')
}

/** Nanoseconds are enough. */
const shortened = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
