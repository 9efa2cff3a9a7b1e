// Where the end of a text has stood before, and what followed it there. A token costs a look-up; a question looks at a
// bounded number of earlier places, however often a text repeats itself. Pure.
import type { TokenId } from '../domain.ts'
import { REPETITION_PLACES_MAX } from '../limits.ts'
import { compileStopStrings, EndWatch, type TokenBytes } from './stop-strings.ts'

interface RepetitionLimits {
  /** Tokens that a repetition has at least, */
  readonly lengthLeast: number
  /** and beyond which its length makes no difference. */
  readonly lengthMost: number
  /** Latest tokens that count; -1 = all. */
  readonly lastN: number
  /** No repetition goes back beyond one of these texts. */
  readonly breakers: readonly Uint8Array[]
  /** Without them nothing is a breaker. */
  readonly tokenBytes: TokenBytes | undefined
}

/** Tokens by which places are found; longer beginnings are compared. */
const INDEXED_MAX = 4

export class Repetitions {
  readonly #limits: RepetitionLimits
  readonly #indexed: number
  readonly #watch: EndWatch | undefined
  readonly #text: TokenId[] = []
  /** Per token the place before it where the same tokens ended, or -1. */
  readonly #before: number[] = []
  /** The latest place by its last tokens. */
  readonly #latest = new Map<string, number>()
  /** Where the text goes on after the last breaker. */
  #begin = 0

  constructor(limits: RepetitionLimits) {
    this.#limits = limits
    this.#indexed = Math.min(limits.lengthLeast, INDEXED_MAX)
    const { breakers, tokenBytes } = limits
    if (breakers.length > 0 && tokenBytes) this.#watch = new EndWatch(compileStopStrings(breakers), tokenBytes)
  }

  /** The next token of the text. */
  add(token: TokenId): void {
    const at = this.#text.push(token) - 1
    if (this.#watch?.endsIn(token)) this.#begin = at + 1
    const name = this.#text.slice(-this.#indexed).join()
    this.#before.push(this.#latest.get(name) ?? -1)
    this.#latest.set(name, at)
  }

  /** For every token that would go on with a repetition: how many tokens of the end it would repeat, at most. */
  longest(): ReadonlyMap<TokenId, number> {
    const { lengthLeast, lengthMost, lastN } = this.#limits
    const found = new Map<TokenId, number>()
    const last = this.#text.length - 1
    const most = Math.min(lengthMost, last + 1 - this.#begin)
    if (most < lengthLeast) return found
    const first = lastN < 0 ? 0 : Math.max(0, this.#text.length - lastN)
    let place = this.#before[last]!
    for (let places = 0; place >= first && places < REPETITION_PLACES_MAX; places++) {
      const length = this.#sharedLength(place, last, Math.min(most, place + 1 - first))
      const token = this.#text[place + 1]!
      if (length >= lengthLeast && length > (found.get(token) ?? 0)) found.set(token, length)
      place = this.#before[place]!
    }
    return found
  }

  /** How many tokens up to two places are the same, at most `most`. */
  #sharedLength(one: number, other: number, most: number): number {
    let length = 0
    while (length < most && this.#text[one - length] === this.#text[other - length]) length++
    return length
  }
}
