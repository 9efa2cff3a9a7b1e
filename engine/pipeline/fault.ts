// How a thread's failure crosses to the caller: a code and one line, since error classes do not survive the trip.
import { type ErrorCode, TsinferError } from '../errors.ts'

/** What a resident's entry returns: nothing at a normal end, else why it gave up. */
export interface ResidentFault {
  readonly code: ErrorCode
  readonly message: string
}

/** `thread`: who failed, e.g. `stage 1 lane 0`; input faults are told without it. */
export function describeFault(thread: string, error: unknown): ResidentFault {
  if (error instanceof TsinferError) return { code: error.code, message: error.message }
  return { code: 'thread_died', message: `${thread}: ${described(error)}` }
}

/** What ends a request and no other: whatever its own part of the work throws. */
export function describeRequestFault(error: unknown): ResidentFault {
  if (error instanceof TsinferError) return { code: error.code, message: error.message }
  return { code: 'request_failed', message: `the request: ${described(error)}` }
}

const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error)

/** A key or value of a request does not fit the KV type. */
export const OVERFLOW: ResidentFault = {
  code: 'logits_nan',
  message: 'expected keys and values that fit the KV type, found an overflow',
}
