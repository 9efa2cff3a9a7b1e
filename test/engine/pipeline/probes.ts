// What the lanes of a probed stage tell the test, and the gate that holds them: shared words, a group per stage, which is
// known by its first layer.

/** Shared with every lane, as `ForwardSource.settings`. */
export type Probes = Int32Array<SharedArrayBuffer>

export type ProbeEvent = 'begun' | 'stopped' | 'completed'
const EVENT_WORDS: Readonly<Record<ProbeEvent, number>> = { begun: 0, stopped: 1, completed: 2 }
const GATE = 3
/** The gate as lane 0 has seen it last. */
const GATE_SEEN = 4
const STAGE_WORDS = 5

export const createProbes = (layers: number): Probes => new Int32Array(new SharedArrayBuffer(layers * STAGE_WORDS * 4))

/** One stage's part, for its lanes and for the test. */
export class StageProbes {
  readonly #words: Probes
  readonly #base: number

  constructor(words: Probes, firstLayer: number) {
    this.#words = words
    this.#base = firstLayer * STAGE_WORDS
  }

  add(event: ProbeEvent): void {
    Atomics.add(this.#words, this.#base + EVENT_WORDS[event], 1)
  }

  /** How often it has happened, in all lanes together. */
  count(event: ProbeEvent): number {
    return Atomics.load(this.#words, this.#base + EVENT_WORDS[event])
  }

  setGate(isOpen: boolean): void {
    Atomics.store(this.#words, this.#base + GATE, isOpen ? 1 : 0)
  }

  /** Lane 0, before it meets the others. */
  lookAtGate(): void {
    Atomics.store(this.#words, this.#base + GATE_SEEN, Atomics.load(this.#words, this.#base + GATE))
  }

  /** All lanes, when they have met. */
  get wasOpen(): boolean {
    return Atomics.load(this.#words, this.#base + GATE_SEEN) === 1
  }
}
