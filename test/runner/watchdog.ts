// When a test file is given up: when nothing happens any more, not when it takes long. A slow or busy machine only stretches
// the time; what stands still shows in no output and in threads that want no processor. What runs in circles for ever
// wants one, so between two tests there is an end to what it gets, by the measure of this machine's speed. Pure.

export interface Sample {
  /** Since the sample before, milliseconds. */
  readonly elapsedMs: number
  /** Bytes that the file and all it has started have printed since then. */
  readonly outputBytes: number
  /** What their threads had of the processors since then, milliseconds; undefined where the system does not tell. */
  readonly busyMs: number | undefined
  /** What their threads were ready for but did not get, milliseconds. */
  readonly waitedMs: number
}

export interface Limits {
  /** A time without any progress, seconds. */
  readonly quietSecondsMax: number
  /** Processor time for one test, seconds; where nobody tells what was used, time. */
  readonly busySecondsMax: number
}

/** Polling for something that never comes takes some percent of a processor; work takes it whole or waits for it. */
const ACTIVE_SHARE = 0.1
/** After a longer pause it was the machine that stood still. */
const PAUSE_MS_MAX = 10_000

export class Watchdog {
  readonly #limits: Limits
  #quietMs = 0
  #busyMs = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Why the file is to be ended, if it is. */
  observe({ elapsedMs, outputBytes, busyMs, waitedMs }: Sample): string | undefined {
    const passedMs = Math.min(elapsedMs, PAUSE_MS_MAX)
    const isActive = busyMs === undefined || busyMs + waitedMs >= passedMs * ACTIVE_SHARE
    this.#quietMs = isActive || outputBytes > 0 ? 0 : this.#quietMs + passedMs
    this.#busyMs = outputBytes > 0 ? 0 : this.#busyMs + (busyMs ?? passedMs)
    const { quietSecondsMax, busySecondsMax } = this.#limits
    if (this.#quietMs >= quietSecondsMax * 1000) return `stopped: no progress for ${quietSecondsMax} s`
    if (this.#busyMs < busySecondsMax * 1000) return undefined
    const what = busyMs === undefined ? 'time' : 'processor time'
    return `stopped: one test took more than ${busySecondsMax} s of ${what}`
  }
}
