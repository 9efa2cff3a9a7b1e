// A doorbell: the one word a thread waits on. Whoever has news for the thread makes the news visible first and rings
// afterwards; the thread reads the bell, looks at all its inputs, and waits only if the bell still shows that value.
// So no news is missed and a thread with several inputs sleeps once.

/** Wakes the owner of the bell. */
export function ringBell(words: Int32Array, bell: number): void {
  Atomics.add(words, bell, 1)
  Atomics.notify(words, bell, 1)
}

/**
 * Waits until the bell no longer shows `seen`: spins for `spins` loads (about 1 ns each), then parks.
 * Returns at once if it already changed, and after `timeoutMs` in any case.
 */
export function waitBell(words: Int32Array, bell: number, seen: number, spins: number, timeoutMs?: number): void {
  for (let i = 0; i < spins; i++) if (Atomics.load(words, bell) !== seen) return
  Atomics.wait(words, bell, seen, timeoutMs)
}
