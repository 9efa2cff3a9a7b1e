// One clock for all threads: the machine's monotonic one. `performance.now` counts from another moment in every thread.

const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Microseconds, with fractions. */
export const clockUs = (): number => (performance.now() + offsetMs) * 1000

/** Microseconds from `from` to `to`, both cut to 32 bits as slots carry them; right for half an hour. */
export const elapsedUs = (from: number, to: number): number => (to - from) | 0
