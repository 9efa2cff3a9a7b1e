// Takes tool calls out of an answer while it streams in. Pure. What looks like a call and is none comes out as text.
import type { ToolCall } from '../../engine/public/chat.ts'
import { findMark, heldLength, lengthTrimmed } from './held-text.ts'
import { CALL_FORMS, type CallForm, type CallReading, callEnd, readBare } from './tool-calls.ts'

export interface Called {
  /** Text that is no call; white space around calls is dropped. */
  readonly text: string
  readonly calls: readonly ToolCall[]
}

const OPENINGS: readonly string[] = CALL_FORMS.map(({ open }) => open)

export class ToolCallSplitter {
  readonly #reading: CallReading
  #place: 'start' | 'text' | 'call' | 'bare' = 'start'
  #held = ''
  #form: CallForm | undefined
  /** White space before the mark that was found last. */
  #gap = ''
  #text = ''
  #calls: ToolCall[] = []
  #hasCalled = false

  constructor(reading: CallReading) {
    this.#reading = reading
  }

  /** What has become certain with `text`. */
  push(text: string): Called {
    this.#held += text
    return this.#advance(false)
  }

  end(): Called {
    return this.#advance(true)
  }

  #advance(isEnd: boolean): Called {
    this.#text = ''
    this.#calls = []
    while (this.#step(isEnd)) {}
    return { text: this.#text, calls: this.#calls }
  }

  /** Returns whether there may be more to do. */
  #step(isEnd: boolean): boolean {
    if (this.#place === 'start') return this.#start(isEnd)
    if (this.#place === 'text') return this.#pass(isEnd)
    return this.#place === 'call' ? this.#collect(isEnd) : isEnd && this.#readWhole()
  }

  /** An answer that begins like JSON may be a call as a whole, which only its end tells. */
  #start(isEnd: boolean): boolean {
    const begin = this.#held.trimStart()
    if (begin === '' && !isEnd) return false
    const mayBeList = begin.startsWith('[') && /^\[\s*(?:\{|$)/.test(begin)
    if (begin === '[' && !isEnd) return false
    this.#place = begin.startsWith('{') || mayBeList ? 'bare' : 'text'
    return true
  }

  #pass(isEnd: boolean): boolean {
    if (this.#hasCalled) this.#held = this.#held.trimStart()
    const found = findMark(this.#held, OPENINGS)
    if (found !== undefined) {
      const before = this.#held.slice(0, found.at)
      const length = lengthTrimmed(before)
      this.#give(before.slice(0, length))
      this.#gap = before.slice(length)
      this.#held = this.#held.slice(found.at + found.mark.length)
      this.#form = CALL_FORMS.find(({ open }) => open === found.mark)
      this.#place = 'call'
      return true
    }
    const free = this.#held.slice(0, this.#held.length - (isEnd ? 0 : heldLength(this.#held, OPENINGS)))
    // White space waits: it is dropped if a call follows.
    const length = isEnd && !this.#hasCalled ? free.length : lengthTrimmed(free)
    this.#give(free.slice(0, length))
    this.#held = this.#held.slice(length)
    return false
  }

  #collect(isEnd: boolean): boolean {
    const { open, close, read } = this.#form!
    const at = close === undefined ? -1 : callEnd(this.#held, close, isEnd)
    if (at < 0 && !isEnd) return false
    const end = at < 0 ? this.#held.length : at
    const body = this.#held.slice(0, end)
    const mark = at < 0 ? '' : close!
    const calls = read(body, this.#reading)
    this.#held = this.#held.slice(end + mark.length)
    this.#place = 'text'
    if (calls === undefined) this.#give(this.#gap + open + body + mark)
    else this.#take(calls)
    return true
  }

  #readWhole(): boolean {
    const calls = readBare(this.#held, this.#reading)
    if (calls === undefined) {
      this.#place = 'text'
      return true
    }
    this.#take(calls)
    this.#held = ''
    return false
  }

  #give(text: string): void {
    this.#text += text
    if (text !== '') this.#hasCalled = false
  }

  #take(calls: readonly ToolCall[]): void {
    this.#calls.push(...calls)
    this.#hasCalled = true
  }
}
