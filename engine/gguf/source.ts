// What the header reader and the stages read a model file through. Pure; file-source.ts is the one that opens files.

/** Random access to the bytes of one file, whose size was fixed when it was opened. */
export interface ByteSource {
  /** For messages: one line. */
  readonly name: string
  readonly bytes: number
  /**
   * Fills `target` (which may lie in shared memory) from `offset` on.
   * @throws TsinferError `file_changed` where the file ends sooner than it did when it was opened
   */
  readInto(target: Uint8Array, offset: number): void
}

/** What identifies a file's content between two openings. */
export interface FileIdentity {
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}
