// An abort controller that follows the caller's signal, and is let go of when its work is over. A signal made by
// `AbortSignal.any` cannot be: one signal for all requests of an application would grow with every request (Node 20 and 24).

export interface LinkedAbort {
  readonly signal: AbortSignal
  readonly abort: () => void
  /** `outer` knows nothing of it any more. */
  readonly unlink: () => void
}

/** Aborts with `outer`, if there is one, for its reason; or by itself. */
export function linkAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const follow = () => controller.abort(outer?.reason)
  if (outer?.aborted) follow()
  else outer?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: () => controller.abort(),
    unlink: () => outer?.removeEventListener('abort', follow),
  }
}
