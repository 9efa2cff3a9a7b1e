// The text of a tool call while it streams in. Who reads it writes a generator over what is asked for here: it yields
// nothing where more text must come before it can go on. What has been read is kept until it is known to be a call. Pure.
import type { ToolCall } from '../../engine/public/chat.ts'
import { findMark, heldLength } from './held-text.ts'

/** Whose the text is that follows. */
export type Voice = 'reasoning' | 'content'

/** Yields calls as they become complete, a voice where the text after it is somebody's, and nothing to wait for text. */
export type Reading<Result = void> = Generator<ToolCall | Voice | undefined, Result, void>

/** The text is no call. */
export class NoCall extends Error {}

const SPACE = /\s*/y

export class CallText {
  #left = ''
  #at = 0
  #isEnd = false
  #read: string[] = []

  add(text: string): void {
    this.#left = this.rest + text
    this.#at = 0
  }

  /** Nothing more comes: no reading waits any longer. */
  end(): void {
    this.#isEnd = true
  }

  /** What has not been read. */
  get rest(): string {
    return this.#left.slice(this.#at)
  }

  /** What has been read since it was last forgotten. */
  forget(): string {
    return this.#read.splice(0).join('')
  }

  /** A place in what has been read, for `since`. */
  get place(): number {
    return this.#read.length
  }

  since(place: number): string {
    return this.#read.slice(place).join('')
  }

  /** The next character, which stays; nothing at the end. */
  *peek(): Reading<string> {
    while (this.#at === this.#left.length && !this.#isEnd) yield
    return this.#left[this.#at] ?? ''
  }

  *next(): Reading<string> {
    if ((yield* this.peek()) === '') throw new NoCall()
    return this.#advance(1)
  }

  /** The longest of the marks that comes next, which stays. */
  *ahead(marks: readonly string[]): Reading<string | undefined> {
    const mayGrow = (rest: string) => marks.some((mark) => mark.length > rest.length && mark.startsWith(rest))
    while (!this.#isEnd && mayGrow(this.rest)) yield
    const found = marks.filter((mark) => this.#left.startsWith(mark, this.#at))
    return found.reduce<string | undefined>(
      (best, mark) => (mark.length > (best?.length ?? 0) ? mark : best),
      undefined,
    )
  }

  /** The same, read. */
  *takeOneOf(marks: readonly string[]): Reading<string | undefined> {
    const mark = yield* this.ahead(marks)
    return mark === undefined ? undefined : this.#advance(mark.length)
  }

  *take(mark: string): Reading<boolean> {
    return (yield* this.takeOneOf([mark])) !== undefined
  }

  *expect(mark: string): Reading {
    if (!(yield* this.take(mark))) throw new NoCall()
  }

  /** As many characters as a sticky pattern takes, which takes or leaves each for itself. */
  *run(pattern: RegExp): Reading<string> {
    const parts: string[] = []
    for (;;) {
      pattern.lastIndex = this.#at
      parts.push(this.#advance(pattern.exec(this.#left)?.[0].length ?? 0))
      if (this.#at < this.#left.length || this.#isEnd) return parts.join('')
      yield
    }
  }

  *space(): Reading {
    yield* this.run(SPACE)
  }

  /** Text up to the first of the marks, which stays, or up to the end. */
  *until(marks: readonly string[]): Reading<string> {
    const parts: string[] = []
    for (;;) {
      const rest = this.rest
      const found = findMark(rest, marks)
      parts.push(this.#advance(found?.at ?? rest.length - (this.#isEnd ? 0 : heldLength(rest, marks))))
      if (found !== undefined || this.#isEnd) return parts.join('')
      yield
    }
  }

  #advance(length: number): string {
    const text = this.#left.slice(this.#at, this.#at + length)
    this.#at += length
    if (text !== '') this.#read.push(text)
    return text
  }
}

/** All of a text, read by itself; undefined where it is not what the reading wants, or more. */
export function readWhole<Result>(text: string, read: (text: CallText) => Reading<Result>): Result | undefined {
  const whole = new CallText()
  whole.add(text)
  whole.end()
  try {
    const reading = read(whole)
    for (;;) {
      const { done, value } = reading.next()
      if (done) return whole.rest === '' ? value : undefined
    }
  } catch (error) {
    if (error instanceof NoCall) return undefined
    throw error
  }
}
