// How long each lane has been computing, in one word of the control block per lane, so that the conductor can read it at
// any moment. The word is 2 * A + 1 while the lane computes and 2 * A while it does not, in microseconds modulo 2^31: A
// is the sum of the ends minus the sum of the begins of all its spans.

export class LaneBusy {
  readonly #words: Int32Array
  readonly #word: number
  #sumUs = 0

  constructor(words: Int32Array, word: number) {
    this.#words = words
    this.#word = word
  }

  /** A span begins. */
  begin(nowUs: number): void {
    this.#sumUs -= nowUs
    Atomics.store(this.#words, this.#word, (Math.round(this.#sumUs) * 2 + 1) | 0)
  }

  /** The span that has begun ends. */
  end(nowUs: number): void {
    this.#sumUs += nowUs
    Atomics.store(this.#words, this.#word, (Math.round(this.#sumUs) * 2) | 0)
  }
}

/** Microseconds that the lane has computed until now, the span under way included, modulo 2^31. */
export function busyUs(words: Int32Array, word: number, nowUs: number): number {
  const state = Atomics.load(words, word)
  const sum = state >> 1
  return ((state & 1) === 1 ? sum + Math.round(nowUs % 2 ** 31) : sum) & 0x7fffffff
}
