// A single-producer single-consumer ring of fixed-size slots. The slots themselves lie in the memory of the consuming
// stage (or, for results, of the last stage), so the producer's write is the only copy; the ring is two counters that
// only grow (and wrap), one written by each side. Full and empty are return values, never exceptions.
import { assert } from '../errors.ts'
import type { RingWords } from './control.ts'
import { ringBell } from './doorbell.ts'

export class Ring {
  readonly #words: Int32Array
  readonly #ring: RingWords
  readonly #slots: number
  readonly #producerBell: number
  readonly #consumerBell: number
  /** Index of the slot that this side takes next; kept here because the counters wrap. */
  #nextReserved = 0
  #nextPeeked = 0

  constructor(words: Int32Array, ring: RingWords, slots: number, producerBell: number, consumerBell: number) {
    assert(slots >= 1, `ring of ${slots} slots`)
    this.#words = words
    this.#ring = ring
    this.#slots = slots
    this.#producerBell = producerBell
    this.#consumerBell = consumerBell
  }

  /** Producer: index of the slot to fill next, or -1 while the ring is full. */
  reserve(): number {
    const published = Atomics.load(this.#words, this.#ring.published)
    const used = (published - Atomics.load(this.#words, this.#ring.released)) | 0
    return used < this.#slots ? this.#nextReserved : -1
  }

  /** Producer: hands the reserved slot to the consumer. */
  publish(): void {
    this.#nextReserved = (this.#nextReserved + 1) % this.#slots
    Atomics.add(this.#words, this.#ring.published, 1)
    ringBell(this.#words, this.#consumerBell)
  }

  /** Slots that are published and not released. */
  get usedCount(): number {
    const { published, released } = this.#ring
    return (Atomics.load(this.#words, published) - Atomics.load(this.#words, released)) | 0
  }

  /** Consumer: index of the oldest published slot, or -1 while the ring is empty. */
  peek(): number {
    const released = Atomics.load(this.#words, this.#ring.released)
    return Atomics.load(this.#words, this.#ring.published) === released ? -1 : this.#nextPeeked
  }

  /** Consumer: gives the slot back to the producer. */
  release(): void {
    this.#nextPeeked = (this.#nextPeeked + 1) % this.#slots
    Atomics.add(this.#words, this.#ring.released, 1)
    ringBell(this.#words, this.#producerBell)
  }
}
