// A text that knows its own beginnings: what followed the last time the text ended like this. The longest suffix of the text that
// occurs earlier in it is found with a suffix automaton (Blumer et al. 1985), which grows by a token in amortized
// constant time; a guess walks on from there, so all work is linear in the text.
//
// How much to believe a guess is learned from the text itself: for every length of match, how often the token that
// followed earlier also followed now. On text that does not repeat itself the drafter soon falls silent.
import type { TokenId } from '../../domain.ts'
import { type Guess, PROBABILITY_ONE } from '../guess.ts'

/** Shortest match of each class whose hits are counted together. */
const CLASS_STARTS = [1, 2, 3, 4, 6, 9, 16] as const
/** Hits of 8 expected of each class before anything is known. */
const PRIOR_HITS = [1, 1, 2, 3, 4, 6, 7] as const
const PRIOR_TRIALS = 8
/** Suffixes that learn where they have occurred last; shorter ones may remember an earlier place. */
const RECENT_SUFFIXES = 64
/** Transitions are keyed by state and token together. */
const TOKEN_SPAN = 2 ** 22

/** A state of the automaton: suffixes that end at the same places, the longest of `length` tokens. */
interface SuffixState {
  readonly key: number
  length: number
  /** The state of the longest suffix that ends at more places. */
  link: SuffixState | undefined
  /** Index in the text of the token after which these suffixes ended last. */
  end: number
  /** Tokens that lead on from here. */
  readonly tokens: TokenId[]
}

interface Match {
  readonly state: SuffixState
  readonly length: number
}

export class NgramText {
  readonly #text: TokenId[] = []
  readonly #transitions = new Map<number, SuffixState>()
  readonly #root: SuffixState
  readonly #hits: number[] = [...PRIOR_HITS]
  readonly #trials: number[] = PRIOR_HITS.map(() => PRIOR_TRIALS)
  #states = 0
  /** State of the whole text. */
  #last: SuffixState
  /** The longest suffix that occurs earlier, and where it ended there; length 0 for none. */
  #matchLength = 0
  #matchEnd = -1

  constructor(prompt: Iterable<TokenId> = []) {
    this.#root = this.#createState(0, undefined, -1)
    this.#last = this.#root
    for (const token of prompt) this.accept(token)
  }

  /** The next token of the text is certain. */
  accept(token: TokenId): void {
    if (this.#matchLength > 0) this.#learn(token)
    this.#text.push(token)
    this.#extend(token)
    const { link } = this.#last
    this.#matchLength = link?.length ?? 0
    this.#matchEnd = link?.end ?? -1
    const end = this.#text.length - 1
    let state: SuffixState | undefined = this.#last
    for (let i = 0; i < RECENT_SUFFIXES && state; i++, state = state.link) state.end = end
  }

  /** At most `count` guesses of what follows the text and then `assumed`, a chain. */
  guess(assumed: readonly TokenId[], count: number): Guess[] {
    const certain = this.#text.length
    let { length, end } = { length: this.#matchLength, end: this.#matchEnd }
    if (assumed.length > 0) {
      const match = this.#follow(assumed)
      length = match.length
      end = match.state.end
    }
    if (length === 0) return []
    // The copy may run past the certain text into what is assumed, and past that into what it guesses itself.
    const beyond = assumed.slice()
    const guesses: Guess[] = []
    while (guesses.length < count) {
      const source = end + 1 + guesses.length
      const token = source < certain ? this.#text[source] : beyond[source - certain]
      if (token === undefined) break
      beyond.push(token)
      const probability = this.#confidence(length + guesses.length)
      guesses.push({ parent: guesses.length - 1, token, probability })
    }
    return guesses
  }

  /** The longest suffix of the text and `assumed` that occurs in the text. */
  #follow(assumed: readonly TokenId[]): Match {
    let state = this.#last.link ?? this.#root
    let { length } = state
    for (const token of assumed) {
      let next = this.#next(state, token)
      while (!next && state.link) {
        state = state.link
        length = state.length
        next = this.#next(state, token)
      }
      if (!next) continue
      state = next
      length++
    }
    return { state, length }
  }

  #learn(token: TokenId): void {
    const at = matchClass(this.#matchLength)
    this.#trials[at]!++
    if (this.#text[this.#matchEnd + 1] === token) this.#hits[at]!++
  }

  #confidence(length: number): number {
    const at = matchClass(length)
    return Math.floor((this.#hits[at]! * PROBABILITY_ONE) / this.#trials[at]!)
  }

  /** Adds a token to the automaton. */
  #extend(token: TokenId): void {
    const added = this.#createState(this.#last.length + 1, this.#root, this.#text.length - 1)
    let state: SuffixState | undefined = this.#last
    this.#last = added
    for (; state && !this.#next(state, token); state = state.link) this.#lead(state, token, added)
    if (!state) return
    const next = this.#next(state, token)!
    if (next.length === state.length + 1) {
      added.link = next
      return
    }
    const copy = this.#createState(state.length + 1, next.link, next.end)
    for (const other of next.tokens) this.#lead(copy, other, this.#next(next, other)!)
    next.link = copy
    added.link = copy
    for (; state && this.#next(state, token) === next; state = state.link) this.#lead(state, token, copy)
  }

  #createState(length: number, link: SuffixState | undefined, end: number): SuffixState {
    return { key: this.#states++ * TOKEN_SPAN, length, link, end, tokens: [] }
  }

  #next(state: SuffixState, token: TokenId): SuffixState | undefined {
    return this.#transitions.get(state.key + token)
  }

  #lead(from: SuffixState, token: TokenId, to: SuffixState): void {
    const key = from.key + token
    if (!this.#transitions.has(key)) from.tokens.push(token)
    this.#transitions.set(key, to)
  }
}

function matchClass(length: number): number {
  let at = CLASS_STARTS.length - 1
  while (CLASS_STARTS[at]! > length) at--
  return at
}
