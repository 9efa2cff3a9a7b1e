// Gumbel noise as a pure function of (seed, choice, position, token): argmax(logit / T + g) then draws from the
// softmax (Gumbel-max, e.g. arXiv:1411.0030), and a token depends on nothing the scheduler decides. Integer hashing and
// the logarithm of real-math.ts only, so every engine draws the same.
import type { Position, TokenId } from '../domain.ts'
import { realLog } from '../real-math.ts'

/** Bits of the golden ratio, square root of 2 and square root of 3: unrelated odd constants. */
const GOLDEN = 0x9e3779b9
const ROOT_2 = 0x6a09e667
const ROOT_3 = 0xbb67ae85

const NO_TOKEN = -1

/** A bijection of 32-bit words in which every input bit flips every output bit with probability near 1/2 (fmix32 of MurmurHash3). */
function mix(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Above what `of` is for so many leading ones of the random bits; 32 of them say no more than that there are 52 bits. */
const BOUNDS = Float64Array.from({ length: 33 }, (_, ones) => ((ones === 32 ? 53 : ones) + 1.001) * Math.LN2)

/** The noise of one choice of a request. `setPosition` first, then `of` for any token. */
export class GumbelNoise {
  readonly #choiceHigh: number
  readonly #choiceLow: number
  #high = 0
  #low = 0

  constructor(seed: number, choice: number) {
    this.#choiceHigh = mix(mix(seed ^ GOLDEN) + Math.imul(choice, ROOT_3))
    this.#choiceLow = mix(mix(seed + ROOT_2) ^ Math.imul(choice, GOLDEN))
  }

  /** The position the drawn token will have. */
  setPosition(position: Position): void {
    this.#high = mix(this.#choiceHigh + Math.imul(position, GOLDEN))
    this.#low = mix(this.#choiceLow ^ Math.imul(position, ROOT_3))
  }

  /** 52 random bits as a number strictly between 0 and 1. */
  uniform(token: TokenId): number {
    const high = mix(this.#high ^ Math.imul(token, ROOT_3))
    const low = mix(this.#low + Math.imul(token, GOLDEN) + high)
    return ((high >>> 0) * 0x100000 + (low >>> 12) + 0.5) * 2 ** -52
  }

  /**
   * No less than `of`, at a fraction of its price: with c leading ones, 1 - uniform is above 2^-(c + 1), and so is
   * -log(uniform).
   */
  bound(token: TokenId): number {
    const leadingOnes = Math.clz32(~mix(this.#high ^ Math.imul(token, ROOT_3)))
    return BOUNDS[leadingOnes]!
  }

  /** A number strictly between 0 and 1 that belongs to no token. */
  get chance(): number {
    return this.uniform(NO_TOKEN)
  }

  /** A sample of the standard Gumbel distribution, -log(-log(u)). */
  of(token: TokenId): number {
    return -realLog(-realLog(this.uniform(token)))
  }
}
