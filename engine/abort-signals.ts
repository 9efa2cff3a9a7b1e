// Following a caller's AbortSignal. Each signal has one listener of ours, however many requests follow it: Node warns of a
// leak where one signal has more than ten. A signal made by `AbortSignal.any` cannot be let go of: one signal for all requests
// of an application would grow with every request (Node 20 and 24).
import { TsinferError } from './errors.ts'

interface Followers {
  readonly callbacks: Set<() => void>
  readonly listener: () => void
}

const followed = new WeakMap<AbortSignal, Followers>()

/**
 * Calls `callback` once, when `signal` aborts; at once where it already has. Returns what lets go of the signal: it then knows
 * nothing of the callback any more.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (!signal) return () => {}
  if (signal.aborted) {
    callback()
    return () => {}
  }
  const followers = followed.get(signal) ?? follow(signal)
  // A function of its own, so that a callback given twice is called twice.
  const call = () => callback()
  followers.callbacks.add(call)
  return () => {
    followers.callbacks.delete(call)
    if (followers.callbacks.size === 0 && followed.get(signal) === followers) unfollow(signal, followers)
  }
}

function follow(signal: AbortSignal): Followers {
  const callbacks = new Set<() => void>()
  const followers = {
    callbacks,
    listener() {
      followed.delete(signal)
      for (const callback of [...callbacks]) callback()
    },
  }
  followed.set(signal, followers)
  signal.addEventListener('abort', followers.listener, { once: true })
  return followers
}

function unfollow(signal: AbortSignal, { listener }: Followers): void {
  followed.delete(signal)
  signal.removeEventListener('abort', listener)
}

/** What rejects work that `signal` stopped: its reason is the cause. `what`: `the request`, `loading`. */
export const abortedError = (what: string, signal: AbortSignal | undefined): TsinferError =>
  new TsinferError('aborted', `${what} was aborted`, { cause: signal?.reason })

/** Settles as `promise` does, or rejects with `aborted` as soon as `signal` fires. */
export async function unlessAborted<Value>(
  what: string,
  signal: AbortSignal | undefined,
  promise: Promise<Value>,
): Promise<Value> {
  if (!signal) return promise
  let forget = () => {}
  const aborted = new Promise<never>((_, reject) => {
    forget = onAbort(signal, () => reject(abortedError(what, signal)))
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    forget()
  }
}

/** An abort controller that follows another signal, and is let go of when its work is over. */
interface LinkedAbort {
  readonly signal: AbortSignal
  readonly abort: () => void
  /** The other signal knows nothing of it any more. */
  readonly unlink: () => void
}

/** Aborts with `outer`, if there is one, for its reason; or by itself. */
export function linkAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const unlink = onAbort(outer, () => controller.abort(outer?.reason))
  return { signal: controller.signal, abort: () => controller.abort(), unlink }
}
