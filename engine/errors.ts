// Errors that reach the user of the library, by whose fault they are. A violated invariant of our own throws a
// plain Error through `assert` and is a bug.

import { MESSAGE_CHARS_MAX } from './limits.ts'
import { printable } from './quoted.ts'

/** Stable, machine-readable names of everything that can go wrong. */
export type ErrorCode =
  // the model file
  | 'file_unreadable'
  | 'file_changed'
  | 'gguf_invalid'
  | 'architecture_unsupported'
  | 'tensor_type_unsupported'
  | 'model_invalid'
  | 'tokenizer_invalid'
  | 'tokenizer_unsupported'
  // the request or the options
  | 'option_invalid'
  | 'prompt_invalid'
  | 'prompt_too_long'
  | 'template_invalid'
  | 'template_refused'
  | 'schema_invalid'
  | 'schema_unsupported'
  | 'grammar_invalid'
  | 'grammar_unsupported'
  | 'session_invalid'
  | 'out_of_memory'
  // while running
  | 'file_unwritable'
  | 'aborted'
  | 'closed'
  // a request that did not get through for a reason of its own; others go on
  | 'queue_full'
  | 'request_failed'
  | 'thread_died'
  | 'logits_nan'
  | 'logits_infinite'

/**
 * The single error class of the library: `code` for programs, `message` for people: one line, expected and found, without
 * anything that steers a terminal, whatever it tells of a file. One with the code `aborted` has the `name` AbortError and
 * the signal's reason as `cause`.
 */
export class TsinferError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    const line = printable(message.slice(0, MESSAGE_CHARS_MAX + 1))
    super(line.length > MESSAGE_CHARS_MAX ? `${line.slice(0, MESSAGE_CHARS_MAX - 3)}...` : line, options)
    // The name by which programs know an abort, whoever throws it.
    this.name = code === 'aborted' ? 'AbortError' : 'TsinferError'
    this.code = code
  }
}

/** Codes that mean the caller's input was at fault; the command line exits with 2 for these and with 1 for the rest. */
const INPUT_CODES: ReadonlySet<ErrorCode> = new Set([
  'file_unreadable',
  'file_changed',
  'gguf_invalid',
  'architecture_unsupported',
  'tensor_type_unsupported',
  'model_invalid',
  'tokenizer_invalid',
  'tokenizer_unsupported',
  'option_invalid',
  'prompt_invalid',
  'prompt_too_long',
  'template_invalid',
  'template_refused',
  'schema_invalid',
  'schema_unsupported',
  'grammar_invalid',
  'grammar_unsupported',
  'session_invalid',
])

export function isInputError(error: unknown): boolean {
  return error instanceof TsinferError && INPUT_CODES.has(error.code)
}

/** What the operating system answers, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'a directory',
  ENXIO: 'a socket, or a device that is not there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'a file system that is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: "no space left in the user's quota",
  EFBIG: 'the largest file that the system allows',
  EIO: 'a fault of the disk',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files',
  ERR_INVALID_ARG_VALUE: 'the path holds a NUL character',
}

/** Why a call of the system failed; its code where there are no words for it. */
export function systemReason(error: unknown): string {
  const code = String((error as NodeJS.ErrnoException).code ?? error)
  return REASONS[code] ?? code
}

/** Checks an invariant of our own code; always on in control code. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`tsinfer bug: ${message}`)
}
