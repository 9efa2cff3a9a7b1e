// Bounds of a rendering. Steps and sizes are counted, not time, so that a template is refused or rendered alike on
// every machine. Every evaluated node costs a step, and every operation asks before it runs, by the sizes it touches: a
// native pass over a text with `look`, one that looks at each character in turn with `scan`, what is built with
// `characters` and `elements`, what is found on the way with `spend`.
import { TemplateFault, told } from './values.ts'

/** Steps of one rendering, about a second of work. Real templates take some hundreds per message. */
export const STEPS_MAX = 4_000_000
/** Characters of one string: far beyond any context. */
const SIZE_MAX = 1 << 24
/** Characters of all strings of a rendering together, of which most are garbage soon. */
const BUILT_MAX = 1 << 28
/** An element of a list takes as much memory as this many characters. */
const ELEMENT_SIZE = 8
/** Characters that take as much time as a step, where the engine's own code runs over them. */
const SIZE_PER_STEP = 256
/** The same where each character is looked up or replaced on its own. */
const SCANNED_PER_STEP = 4
/** Elements of a list that take as much time as a step. */
const ELEMENTS_PER_STEP = 8
/** Macros and recursive loops inside each other: templates descend into schemas, not further. */
const CALL_DEPTH_MAX = 100
/** Blocks, calls and expressions inside each other while a template runs: a third of what any stack holds. */
const LEVELS_MAX = 1500
/** Bits of an integer that take as much time as a step to multiply or divide. */
const BITS_PER_STEP = 32
/** The same where it is written or read as digits. */
const WRITTEN_BITS_PER_STEP = 8
/** Digits of an integer in a text: Python's own bound. */
export const INTEGER_DIGITS_MAX = 4300
/** Bits of an integer. */
const INTEGER_BITS_MAX = 4096

/** Said where a template, or a rendering, is nested deeper than a stack may hold. */
export const TOO_DEEP = 'expected expressions nested less deeply, found too many levels'

export class Budget {
  #steps: number
  #built = 0
  #depth = 0
  #levels = 0
  readonly #most: number

  constructor(steps: number = STEPS_MAX) {
    this.#steps = steps
    this.#most = steps
  }

  /** Steps that were paid for. */
  get spent(): number {
    return this.#most - this.#steps
  }

  /** Whether the steps were not enough. */
  get isExhausted(): boolean {
    return !(this.#steps >= 0)
  }

  spend(steps = 1): void {
    this.#steps -= steps
    // A sum that is no number is refused, too.
    if (!(this.#steps >= 0)) throw new TemplateFault('expected an end, found that it loops on and on')
  }

  /** Call before building a string of this many characters, `added` of them in new memory. */
  characters(size: number, added: number = size): void {
    this.#built += added
    if (!(size <= SIZE_MAX && this.#built <= BUILT_MAX)) {
      throw new TemplateFault(
        told`expected texts and lists of at most ${SIZE_MAX} characters, found some that grow on and on`,
      )
    }
    this.look(added)
  }

  /** Call before the engine passes over this many characters of a string. */
  look(size: number): void {
    this.spend(size / SIZE_PER_STEP)
  }

  /** Call before looking at this many characters one by one. */
  scan(size: number): void {
    this.spend(size / SCANNED_PER_STEP)
  }

  /** Call before passing over this many elements of a list or entries of a dictionary. */
  walk(count: number): void {
    this.spend(count / ELEMENTS_PER_STEP)
  }

  /** Call before building a list of this many elements. */
  elements(count: number): void {
    this.characters(count * ELEMENT_SIZE)
    this.walk(count)
  }

  /** Call before putting this many entries into a dictionary. */
  entries(count: number): void {
    this.spend(count)
    this.elements(count)
  }

  integer(bits: number): void {
    this.spend(1 + bits / BITS_PER_STEP)
    if (!(bits <= INTEGER_BITS_MAX))
      throw new TemplateFault(told`expected integers of at most ${INTEGER_BITS_MAX} bits`)
  }

  /** Call before an integer of this many bits becomes digits, or digits become it. */
  digits(bits: number): void {
    this.spend(bits / WRITTEN_BITS_PER_STEP)
  }

  /** Call at the beginning of a block or expression, `leave` at its end; a fault ends the rendering anyway. */
  enter(): void {
    this.spend()
    if (++this.#levels > LEVELS_MAX) throw new TemplateFault(TOO_DEEP)
  }

  leave(): void {
    this.#levels--
  }

  /** Runs the body of a macro, or a round of a loop that calls itself. */
  nest<Result>(body: () => Result): Result {
    if (++this.#depth > CALL_DEPTH_MAX) {
      throw new TemplateFault(
        told`expected at most ${CALL_DEPTH_MAX} macros inside each other, found endless recursion`,
      )
    }
    const result = body()
    this.#depth--
    return result
  }
}
