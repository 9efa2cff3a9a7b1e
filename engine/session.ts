// The caller's side of a session: a name for KV cells that the conductor keeps, and the order of those who use them.
import type { Engine } from './engine.ts'
import { TsinferError } from './errors.ts'
import type { SessionId } from './scheduler/events.ts'
import type { Session } from './types.ts'

export class KeptSession implements Session {
  readonly id: SessionId
  readonly #engine: Engine
  #isClosed = false
  /** Resolves when all who have entered so far are gone. */
  #empty: Promise<void> = Promise.resolve()

  constructor(engine: Engine) {
    this.#engine = engine
    this.id = engine.openSession()
  }

  /** The session as one of `engine`. Throws `option_invalid` for one of another. */
  static of(engine: Engine, session: Session): KeptSession {
    if (session instanceof KeptSession && session.#engine === engine) return session
    throw new TsinferError('option_invalid', "session: expected one of this model, found another's")
  }

  /**
   * Waits until all who came before have left; resolves to the way out, which must be taken. Rejects with `aborted` or
   * `closed`.
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    const before = this.#empty
    const { promise: left, resolve: leave } = deferred()
    this.#empty = before.then(() => left)
    try {
      await unlessAborted(before, signal)
      if (this.#isClosed) throw new TsinferError('closed', 'the session was closed')
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  close(): void {
    if (!this.#isClosed) this.#engine.forgetSession(this.id)
    this.#isClosed = true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function deferred() {
  let resolve!: () => void
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve
  })
  return { promise, resolve }
}

function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new TsinferError('aborted', 'the request was aborted', { cause: signal.reason }))
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}
