// A place of a text in a grammar, as records: the states it may be in, each with what waits for its end. positions.ts makes
// and finds them.
import type { StateId } from './grammar.ts'

/** A `call` or `repeat` that waits for the end of what it entered. */
export interface Frame {
  readonly id: number
  readonly caller: StateId
  /** Of a repeat: how often its body must, and may, still begin anew. */
  readonly needed: number
  readonly left: number
  /** What waits for the caller; undefined only in the outermost frame, which stands for the end of the text. */
  readonly parent: Frame | undefined
  /** Fewest bytes from here to the end of the text. */
  readonly closeBytes: number
}

/** One state of bytes that the text may be in. */
export interface Configuration {
  readonly state: StateId
  readonly waiting: Frame
  readonly key: number
  /** Fewest bytes to the end of the text. */
  readonly closeBytes: number
}

export interface ItemSet {
  readonly configurations: readonly Configuration[]
  /** The text may end here. */
  readonly isEnd: boolean
  /** Fewest bytes to the end of the text. */
  readonly closeBytes: number
  /** Tokens that suffice to the end of the text: the fewest that have been found, */
  closeTokens: number
  /** which are the fewest there are. */
  isCounted: boolean
  /** By class of bytes; null where these cannot come next. */
  next: (ItemSet | null | undefined)[] | undefined
}
