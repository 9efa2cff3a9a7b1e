// The loop that byte-pair encoding and SentencePiece share: join neighbouring symbols, best pair first, until no pair
// can be joined. Near-linear for words of any length: a binary heap over typed arrays, O(n log n). Pure.
import { KeyHeap } from './key-heap.ts'

/** Which neighbours may be joined. Rules are numbered; a lower priority goes first, among equals the leftmost pair. */
export interface MergeRules {
  /** The rule that joins the symbol at `left` with its right neighbour at `right`, or -1. */
  find(symbols: PairMerger, left: number, right: number): number
  /** Per rule, below `PRIORITY_MAX`. */
  readonly priorities: Int32Array
  /** Per rule: the id of the joined symbol. */
  readonly results: Int32Array
}

/** Priorities and positions share one exact float: 22 bits of one above 31 bits of the other. */
export const PRIORITY_MAX = 2 ** 22
export const POSITIONS = 2 ** 31

/** Working memory for one sequence of symbols at a time. Fill `ids` (and `starts`), then call `merge`. */
export class PairMerger {
  /** Symbols it has room for. */
  readonly capacity: number
  /** Per symbol: its id, or whatever the caller gave it. */
  readonly ids: Int32Array
  /** Per symbol: where it starts in the caller's text. One more entry, for the end of the text. */
  readonly starts: Int32Array
  /** Per symbol: the next one that is still there, `count` after the last. Start walking at 0. */
  readonly next: Int32Array
  readonly #previous: Int32Array
  /** Per symbol: the rule that would join it with its right neighbour, -1 for none. */
  readonly #rules: Int32Array
  /** Priority and position of the left symbol of each pair; entries whose rule has changed are skipped. */
  readonly #heap: KeyHeap

  constructor(capacity: number) {
    this.capacity = capacity
    this.ids = new Int32Array(capacity)
    this.starts = new Int32Array(capacity + 1)
    this.next = new Int32Array(capacity)
    this.#previous = new Int32Array(capacity)
    this.#rules = new Int32Array(capacity)
    // Every pair is entered once, and each of at most capacity - 1 merges takes one entry out and puts two in.
    this.#heap = new KeyHeap(capacity * 2)
  }

  /** Joins the first `count` symbols as far as the rules allow. */
  merge(count: number, rules: MergeRules): void {
    const { ids, next } = this
    const previous = this.#previous
    this.#heap.size = 0
    for (let i = 0; i < count; i++) {
      next[i] = i + 1
      previous[i] = i - 1
    }
    for (let i = 0; i < count; i++) this.#enter(i, count, rules)
    while (this.#heap.size > 0) {
      const key = this.#heap.pop()
      const priority = Math.floor(key / POSITIONS)
      const left = key - priority * POSITIONS
      const rule = this.#rules[left]!
      if (rule < 0 || rules.priorities[rule] !== priority) continue
      const right = next[left]!
      const after = next[right]!
      ids[left] = rules.results[rule]!
      next[left] = after
      if (after < count) previous[after] = left
      this.#rules[right] = -1
      if (previous[left]! >= 0) this.#enter(previous[left]!, count, rules)
      this.#enter(left, count, rules)
    }
  }

  /** Where the symbol at `i` ends in the caller's text. */
  endOf(i: number): number {
    return this.starts[this.next[i]!]!
  }

  #enter(left: number, count: number, rules: MergeRules): void {
    const right = this.next[left]!
    const rule = right < count ? rules.find(this, left, right) : -1
    this.#rules[left] = rule
    if (rule >= 0) this.#heap.push(rules.priorities[rule]! * POSITIONS + left)
  }
}
