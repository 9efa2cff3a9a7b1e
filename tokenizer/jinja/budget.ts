// Bounds of a rendering. Steps and sizes are counted, not time, so that a template is refused or rendered alike on
// every machine. Every evaluated node costs a step; what is built costs by its size.
import { TemplateFault } from './values.ts'

/** Steps of one rendering, about two seconds of work. Real templates take some hundreds per message. */
export const STEPS_MAX = 10_000_000
/** Characters of one string: far beyond any context. */
export const SIZE_MAX = 1 << 24
/** Characters of all strings of a rendering together, of which most are garbage soon. */
const BUILT_MAX = 1 << 28
/** An element of a list takes as much memory as this many characters. */
const ELEMENT_SIZE = 8
/** Characters that take as much time as a step. */
const SIZE_PER_STEP = 64
/** Macros inside each other: recursive templates descend into schemas, not further. */
const DEPTH_MAX = 100
/** Bits of an integer. */
const INTEGER_BITS_MAX = 4096

export class Budget {
  private steps: number
  private built = 0
  private depth = 0

  constructor(steps: number = STEPS_MAX) {
    this.steps = steps
  }

  spend(steps = 1): void {
    this.steps -= steps
    if (this.steps < 0) throw new TemplateFault('expected an end, found that it loops on and on')
  }

  /** Call before building a string of this many characters, `added` of them in new memory. */
  characters(size: number, added: number = size): void {
    this.built += added
    if (!(size <= SIZE_MAX && this.built <= BUILT_MAX)) {
      throw new TemplateFault(
        `expected texts and lists of at most ${SIZE_MAX} characters, found some that grow on and on`,
      )
    }
    this.look(added)
  }

  /** Call before looking through a string of this many characters. */
  look(size: number): void {
    this.spend(size / SIZE_PER_STEP)
  }

  /** Call before building a list of this many elements. */
  elements(count: number): void {
    this.characters(count * ELEMENT_SIZE)
  }

  integer(bits: number): void {
    if (!(bits <= INTEGER_BITS_MAX)) throw new TemplateFault(`expected integers of at most ${INTEGER_BITS_MAX} bits`)
    this.spend()
  }

  /** Runs the body of a macro. */
  nest<Result>(body: () => Result): Result {
    if (++this.depth > DEPTH_MAX) {
      throw new TemplateFault(`expected at most ${DEPTH_MAX} macros inside each other, found endless recursion`)
    }
    try {
      return body()
    } finally {
      this.depth--
    }
  }
}
