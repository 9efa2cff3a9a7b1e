// Searching a text in another one in time that grows with their lengths added, never multiplied: Crochemore and Perrin's
// two-way algorithm ("Two-way string-matching", J. ACM 38, 1991). V8's own search takes their product in the worst case.

/** V8's search is used up to here: what it can take per character is bounded then, and it is the faster one. */
const NATIVE_MAX = 8

/** A text to look for, from the left or from the right. Not empty. */
export class Needle {
  readonly text: string
  readonly #isReverse: boolean
  /** Where the needle is cut in two, the shift after a match of the right part, and whether it is the whole period. */
  #cut = 0
  #period = 0
  #isPeriodic = false

  constructor(text: string, isReverse = false) {
    this.text = text
    this.#isReverse = isReverse
    if (text.length > NATIVE_MAX) this.#factorize()
  }

  /** The first occurrence that begins at `from` or behind, or -1; of a reverse needle the last that ends at `from`. */
  find(text: string, from: number): number {
    const { length } = this.text
    if (length <= NATIVE_MAX) {
      if (!this.#isReverse) return text.indexOf(this.text, from)
      return from < length ? -1 : text.lastIndexOf(this.text, from - length)
    }
    if (!this.#isReverse) return this.#search(text, from, text.length)
    const at = this.#search(text, text.length - from, text.length)
    return at < 0 ? -1 : text.length - at - length
  }

  #own(i: number): number {
    return this.text.charCodeAt(this.#isReverse ? this.text.length - 1 - i : i)
  }

  /** Begin (minus one) and period of the greatest suffix, in the order of units or in its opposite. */
  #greatestSuffix(sign: number): readonly [begin: number, period: number] {
    const { length } = this.text
    let [begin, at, k, period] = [-1, 0, 1, 1]
    while (at + k < length) {
      const order = sign * (this.#own(at + k) - this.#own(begin + k))
      if (order < 0) {
        at += k
        k = 1
        period = at - begin
      } else if (order > 0) {
        begin = at++
        k = 1
        period = 1
      } else if (k === period) {
        at += period
        k = 1
      } else k++
    }
    return [begin, period]
  }

  #factorize(): void {
    const { length } = this.text
    const [one, other] = [this.#greatestSuffix(1), this.#greatestSuffix(-1)]
    const [cut, period] = one[0] > other[0] ? one : other
    let same = 0
    while (same <= cut && same + period < length && this.#own(same) === this.#own(same + period)) same++
    this.#cut = cut
    this.#isPeriodic = same > cut
    this.#period = this.#isPeriodic ? period : Math.max(cut + 1, length - cut - 1) + 1
  }

  #search(text: string, from: number, end: number): number {
    const { length } = this.text
    const unit = (i: number) => text.charCodeAt(this.#isReverse ? end - 1 - i : i)
    let known = -1
    for (let at = from; at + length <= end; ) {
      let i = Math.max(this.#cut, known) + 1
      while (i < length && this.#own(i) === unit(at + i)) i++
      if (i < length) {
        at += i - this.#cut
        known = -1
        continue
      }
      i = this.#cut
      while (i > known && this.#own(i) === unit(at + i)) i--
      if (i <= known) return at
      at += this.#period
      known = this.#isPeriodic ? length - this.#period - 1 : -1
    }
    return -1
  }
}
