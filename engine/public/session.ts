/// <reference lib="esnext.disposable" preserve="true" />
// A text that stays in KV cells between requests. Types only.
import type { TokenId } from '../domain.ts'

/**
 * A text that stays in KV cells between requests. Cells are given to other requests when those need them, the longest
 * unused session's first; that costs the next request of the session a prefill, and nothing else.
 */
export interface Session extends Disposable {
  /**
   * Writes the text and what is in its KV cells to a file, with `note`, a text of yours. The old file stays whole until the
   * new one is. A symbolic link is written through. Rejects with `file_unwritable` for what is no regular file and where the
   * disk is full.
   */
  save(path: string | URL, note?: string): Promise<SavedSession>
  /**
   * Goes on from a saved text in place of this one's: none of it is evaluated again. Rejects with `file_unreadable`, or
   * with `session_invalid` for a file that was cut or damaged or comes from another model or other types of KV cells; the
   * session then goes on as it was.
   */
  load(path: string | URL): Promise<SavedSession>
  /** Gives the cells back. Requests under way go on; new ones are refused. */
  close(): void
}

/** What a session file holds. */
export interface SavedSession {
  /** The text that was in KV cells; what had been lost to other requests is not among it. */
  readonly tokens: readonly TokenId[]
  readonly note: string
}
