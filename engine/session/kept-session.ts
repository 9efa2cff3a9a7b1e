// The caller's side of a session: a name for KV cells that the conductor keeps, the order of those who use them, and how
// they go to a file and come back.
import { unlessAborted } from '../abort-signals.ts'
import type { TransferStream } from '../engine.ts'
import { TsinferError } from '../errors.ts'
import { SESSION_NOTE_BYTES_MAX } from '../limits.ts'
import type { TransferAnswer } from '../messages.ts'
import { text } from '../options/kinds.ts'
import { path as pathKind } from '../options/paths.ts'
import { readArgument } from '../options/read-options.ts'
import { optionSite } from '../options/refusal.ts'
import type { SavedSession, Session } from '../public/session.ts'
import { printable } from '../quoted.ts'
import type { SessionId } from '../scheduler/events.ts'
import { PIECE_BYTES, SessionFile, writeSessionFile } from './session-file.ts'
import { checkModel, sessionFault } from './session-header.ts'
import type { SessionHome } from './session-home.ts'

export class KeptSession implements Session {
  readonly id: SessionId
  readonly #home: SessionHome
  #isClosed = false
  /** Resolves when all who have entered so far are gone. */
  #empty: Promise<void> = Promise.resolve()

  constructor(home: SessionHome) {
    this.#home = home
    this.id = home.engine.openSession()
  }

  /** The session as one of `home`. Throws `option_invalid` for one of another model. */
  static of(home: SessionHome, session: Session): KeptSession {
    // A proxy of one is none: its members cannot be reached.
    if (#home in session && session.#home === home) return session
    throw new TsinferError('option_invalid', "session: expected one of this model, found another's")
  }

  /**
   * Waits until all who came before have left; resolves to the way out, which must be taken. Rejects with `aborted` or
   * `closed`.
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    const before = this.#empty
    const { promise: left, resolve: leave } = deferred()
    this.#empty = before.then(() => left)
    try {
      await unlessAborted('the request', signal, before)
      if (this.#isClosed) throw new TsinferError('closed', 'the session was closed')
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  async save(to: string | URL, note = ''): Promise<SavedSession> {
    const path = readArgument(pathKind, to, optionSite('path'))
    readArgument(text, note, optionSite('note'))
    const noteBytes = new TextEncoder().encode(note)
    if (noteBytes.length > SESSION_NOTE_BYTES_MAX) {
      const expected = `expected at most ${SESSION_NOTE_BYTES_MAX} bytes`
      throw new TsinferError('option_invalid', `note: ${expected}, found ${noteBytes.length}`)
    }
    const leave = await this.enter()
    try {
      const model = await this.#home.model()
      const transfer = this.#home.engine.transfer({ kind: 'hold', session: this.id })
      try {
        const { tokens } = await answer(transfer, 'opened')
        const header = { ...model, tokens: tokens.length, noteBytes: noteBytes.length }
        await writeSessionFile(path, header, body(transfer, tokens, noteBytes, model.tokenBytes))
        transfer.post({ kind: 'settle' })
        await answer(transfer, 'settled')
        return { tokens: Array.from(tokens), note }
      } finally {
        await transfer.answers.return()
      }
    } finally {
      leave()
    }
  }

  async load(from: string | URL): Promise<SavedSession> {
    const path = readArgument(pathKind, from, optionSite('path'))
    const leave = await this.enter()
    try {
      const file = await SessionFile.open(path)
      try {
        const { header } = file
        const { contextLength } = this.#home
        checkModel(printable(path), header, await this.#home.model())
        if (header.tokens > contextLength) {
          const expected = `at most ${contextLength} tokens (the context)`
          throw sessionFault(printable(path), expected, `${header.tokens}`)
        }
        // The cells may have to come from what the session keeps: a damaged file must not cost it that.
        await file.check()
        return await this.#restore(file, printable(path))
      } finally {
        await file.close()
      }
    } finally {
      leave()
    }
  }

  async #restore(file: SessionFile, name: string): Promise<SavedSession> {
    const { header } = file
    const tokens = new Int32Array((await file.read(header.tokens * 4)).buffer)
    const odd = tokens.find((token) => token < 0 || token >= this.#home.vocabularySize)
    if (odd !== undefined) throw sessionFault(name, `tokens below ${this.#home.vocabularySize}`, `${odd}`)
    const note = new TextDecoder().decode(await file.read(header.noteBytes))
    if (tokens.length === 0) {
      this.#home.engine.forgetSession(this.id)
      return { tokens: [], note }
    }
    const transfer = this.#home.engine.transfer({ kind: 'restore', session: this.id, tokens })
    try {
      await answer(transfer, 'opened')
      for (const count of pieces(tokens.length * header.tokenBytes)) {
        transfer.post({ kind: 'write', bytes: await file.read(count) })
        await answer(transfer, 'written')
      }
      // It may have been written to since.
      await file.check()
      transfer.post({ kind: 'settle' })
      await answer(transfer, 'settled')
      return { tokens: Array.from(tokens), note }
    } finally {
      await transfer.answers.return()
    }
  }

  close(): void {
    if (!this.#isClosed) this.#home.engine.forgetSession(this.id)
    this.#isClosed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** What comes behind the header of a session file. */
async function* body(
  transfer: TransferStream,
  tokens: Int32Array,
  note: Uint8Array,
  tokenBytes: number,
): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength)
  yield note
  for (const bytes of pieces(tokens.length * tokenBytes)) {
    transfer.post({ kind: 'read', bytes })
    yield (await answer(transfer, 'bytes')).bytes
  }
}

/** The sizes of the pieces that `bytes` go in. */
function* pieces(bytes: number): Generator<number> {
  for (let at = 0; at < bytes; at += PIECE_BYTES) yield Math.min(PIECE_BYTES, bytes - at)
}

type AnswerOf<Kind> = Extract<TransferAnswer, { kind: Kind }>

/** The next answer, which is of this kind. */
async function answer<Kind extends TransferAnswer['kind']>(
  { answers }: TransferStream,
  kind: Kind,
): Promise<AnswerOf<Kind>> {
  const { value } = await answers.next()
  if (value?.kind !== kind) throw new Error(`tsinfer bug: expected the answer ${kind}, found ${value?.kind}`)
  return value as AnswerOf<Kind>
}

function deferred() {
  let resolve!: () => void
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve
  })
  return { promise, resolve }
}
