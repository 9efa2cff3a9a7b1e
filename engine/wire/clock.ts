// One clock for all threads: the machine's monotonic one. `performance.now` counts from another moment in every thread.

const LOOKS = 8

/** A thread that is interrupted between its two readings is wrong by the interruption: the best of some looks counts. */
function findOffsetMs(): number {
  let offsetMs = Number.NEGATIVE_INFINITY
  for (let look = 0; look < LOOKS; look++) {
    const nowNs = process.hrtime.bigint()
    offsetMs = Math.max(offsetMs, Number(nowNs) / 1e6 - performance.now())
  }
  return offsetMs
}

const offsetMs = findOffsetMs()

/** Microseconds, with fractions. */
export const clockUs = (): number => (performance.now() + offsetMs) * 1000

/** Microseconds from `from` to `to`, both cut to 32 bits as slots carry them; right for half an hour. */
export const elapsedUs = (from: number, to: number): number => (to - from) | 0
