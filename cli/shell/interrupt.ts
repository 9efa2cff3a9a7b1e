// Ctrl-C: the first one asks the command to stop, a second one ends the process at once.

export const INTERRUPTED_EXIT_CODE = 130

/** A signal that fires at the first Ctrl-C. Listening does not keep the process alive. */
export function watchInterrupt(): AbortSignal {
  const controller = new AbortController()
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE)
    controller.abort()
  })
  return controller.signal
}
