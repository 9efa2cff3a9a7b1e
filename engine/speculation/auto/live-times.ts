// What steps of several kinds take when nobody disturbs them, from live measurement. Threads are preempted and neighbours
// come and go: a time below the estimate is believed soon, one above it slowly, so that kinds that run in quiet and in
// loud times can be compared. How loud the present is, is known as the ratio of times and estimates.

/** Share of the way to a shorter time, and to a longer one. */
const GAIN_DOWN = 0.4
const GAIN_UP = 0.1
/** Code is still compiled while a kind is seen for the first times: a shorter one of these is believed at once. */
const COLD_SAMPLES = 4
/** A kind that was not seen for so many samples of others is stale: its next time is believed half. */
const FRESH_SAMPLES = 64
const STALE_GAIN = 0.5
/** A single time counts as at most so many estimates. */
const SURPRISE_MAX = 4
/** After so many in a row that are longer than twice the estimate, the estimate is what is wrong. */
const SURPRISES_MAX = 4

interface Entry {
  time: number
  count: number
  /** When it was seen last, in samples of any kind. */
  seenAt: number
  /** Times in a row that were far longer. */
  surprises: number
}

export class LiveTimes {
  readonly #entries = new Map<number, Entry>()
  #samples = 0
  #times = 0
  #estimates = 0

  /** The time of a step of kind `key`, in any unit; of 0 or less nothing is learned. */
  note(key: number, time: number): void {
    if (!(time > 0)) return
    this.#samples++
    const entry = this.#entries.get(key)
    if (!entry) {
      this.#entries.set(key, { time, count: 1, seenAt: this.#samples, surprises: 0 })
      return
    }
    entry.surprises = time > 2 * entry.time ? entry.surprises + 1 : 0
    if (entry.surprises > SURPRISES_MAX) entry.time = time
    const bounded = Math.min(time, SURPRISE_MAX * entry.time)
    this.#times += bounded
    this.#estimates += entry.time
    const isFresh = this.#samples - entry.seenAt <= FRESH_SAMPLES
    const gainDown = ++entry.count <= COLD_SAMPLES ? 1 : GAIN_DOWN
    const gain = bounded < entry.time ? gainDown : isFresh ? GAIN_UP : STALE_GAIN
    entry.time += gain * (bounded - entry.time)
    entry.seenAt = this.#samples
  }

  /** What a step of kind `key` takes; undefined where none was seen. */
  time(key: number): number | undefined {
    return this.#entries.get(key)?.time
  }

  /** Times over estimates since the last call; 1 where there were none. */
  takeSlowdown(): number {
    const slowdown = this.#estimates > 0 ? this.#times / this.#estimates : 1
    this.#times = 0
    this.#estimates = 0
    return slowdown
  }
}
