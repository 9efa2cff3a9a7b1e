// The messages of a chat as the note in its session file: JSON.
import { TsinferError } from '../../engine/errors.ts'
import type { ChatMessage } from '../../index.ts'

const NOTE_FORMAT = 'tsinfer-chat'
const NOTE_VERSION = 1

export const writeNote = (messages: readonly ChatMessage[]): string =>
  JSON.stringify({ format: NOTE_FORMAT, version: NOTE_VERSION, messages })

/** The messages in the note of the file at `path`. Throws `session_invalid` where there are none. */
export function readNote(path: string, note: string): ChatMessage[] {
  const wrong = (found: string) =>
    new TsinferError('session_invalid', `${path}: expected the session of a chat, found ${found}`)
  let saved: unknown
  try {
    saved = JSON.parse(note)
  } catch {
    throw wrong('the session of something else')
  }
  const { format, version, messages } = (saved ?? {}) as { format?: unknown; version?: unknown; messages?: unknown }
  if (format !== NOTE_FORMAT || version !== NOTE_VERSION || !Array.isArray(messages))
    throw wrong('the session of something else')
  const odd = messages.findIndex((message) => typeof message?.role !== 'string' || typeof message?.content !== 'string')
  if (odd >= 0) throw wrong(`message ${odd} without role or content`)
  return messages
}
