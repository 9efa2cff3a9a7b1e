// Splits what a model writes, while it streams in, into what it thinks, what it answers and which tools it calls. What
// looks like a call and is none comes out as the text that it is. Pure.
import type { ChatTool, ToolCall } from '../../engine/public/chat.ts'
import { CallText, NoCall, type Reading, type Voice } from './call-text.ts'
import { findMark, heldLength } from './held-text.ts'
import { OfferedTools } from './offered-tools.ts'
import { openReasoning, REASONING_TAGS, type ReasoningTags } from './reasoning.ts'
import { SpokenText } from './spoken-text.ts'
import type { ToolFormat } from './tool-formats/format.ts'
import { toolFormats } from './tool-formats.ts'

export interface Split {
  readonly reasoning: string
  readonly content: string
  readonly calls: readonly ToolCall[]
}

export interface AnswerReading {
  /** The tags that the prompt left open. */
  readonly inside: ReasoningTags | undefined
  /** In which calls may be written. */
  readonly formats: readonly ToolFormat[]
  readonly tools: OfferedTools
}

/** A call that is being read. */
interface CallInReading {
  readonly text: CallText
  readonly reading: Reading
  /** Not where the model is thinking, unless it may call then. */
  readonly isMeant: boolean
}

/** What was read inside of thinking, from its first call on: only if it never ends are the calls meant. */
interface Doubt {
  /** All of it as it was written. */
  readonly raw: string[]
  readonly calls: ToolCall[]
  /** What had been thought before. */
  readonly before: SpokenText
  /** What is thought but for the calls. */
  said: string
}

/** Longer pieces are taken in parts: whoever looks for something that is not there looks no further. */
const SLICE_MAX = 256

export class AnswerSplitter {
  readonly #formats: readonly ToolFormat[]
  readonly #tools: OfferedTools
  readonly #opens: readonly string[]
  #place: 'opening' | 'repeat' | 'wrapping' | 'beginning' | 'text' | 'choice' | 'call'
  #voice: Voice
  /** Of the thinking that is going on. */
  #tags: ReasoningTags | undefined
  /** The mark that ends the answer's wrapping, where it has one. */
  #wrapEnd: string | undefined
  #held = ''
  /** The mark of the call that is being read, and the white space behind it. */
  #mark = ''
  #gap = ''
  #call: CallInReading | undefined
  #doubt: Doubt | undefined
  #spoken = { reasoning: new SpokenText(true), content: new SpokenText(false) }
  #reasoning = ''
  #content = ''
  #calls: ToolCall[] = []

  constructor({ inside, formats, tools }: AnswerReading) {
    this.#tools = tools
    this.#formats = tools.areThere ? formats : formats.filter(({ isLayout }) => isLayout)
    this.#opens = [...new Set(this.#formats.flatMap(({ opens }) => opens))]
    this.#tags = inside
    this.#voice = inside === undefined ? 'content' : 'reasoning'
    this.#place = inside === undefined ? 'opening' : 'repeat'
  }

  /** What has become certain with `text`. */
  push(text: string): Split {
    for (let at = 0; at < text.length; at += SLICE_MAX) {
      this.#held += text.slice(at, at + SLICE_MAX)
      while (this.#step(false)) {}
    }
    return this.#given()
  }

  /** The rest. Reasoning that was never closed stays reasoning. */
  end(): Split {
    while (this.#step(true)) {}
    if (this.#doubt !== undefined) {
      this.#reasoning += this.#doubt.said
      this.#calls.push(...this.#doubt.calls)
    }
    this.#content += this.#spoken.content.end()
    return this.#given()
  }

  #given(): Split {
    const given = { reasoning: this.#reasoning, content: this.#content, calls: this.#calls }
    this.#reasoning = ''
    this.#content = ''
    this.#calls = []
    return given
  }

  /** Returns whether there may be more to do. */
  #step(isEnd: boolean): boolean {
    switch (this.#place) {
      case 'opening':
        return this.#open(isEnd)
      case 'repeat':
        return this.#skip(this.#tags!.open, 'text', isEnd)
      case 'wrapping':
        return this.#wrap(isEnd)
      case 'beginning':
        return this.#begin(isEnd)
      case 'text':
        return this.#pass(isEnd)
      case 'choice':
        return this.#choose(isEnd)
      case 'call':
        return this.#read(isEnd)
    }
  }

  /** Takes white space off the beginning of what is held. */
  #takeSpace(): string {
    const text = this.#held.trimStart()
    const space = this.#held.slice(0, this.#held.length - text.length)
    this.#held = text
    return space
  }

  /** Waits until the text is no opening tag, or is one. */
  #open(isEnd: boolean): boolean {
    this.#say(this.#takeSpace())
    const tags = REASONING_TAGS.find(({ open }) => this.#held.startsWith(open))
    if (tags !== undefined) {
      this.#spoken.content = new SpokenText(true)
      this.#tags = tags
      this.#voice = 'reasoning'
      this.#held = this.#held.slice(tags.open.length)
      this.#place = 'text'
      return true
    }
    if (!isEnd && REASONING_TAGS.some(({ open }) => open.startsWith(this.#held))) return false
    this.#place = 'beginning'
    return true
  }

  /** Leaves out a mark that may be next. */
  #skip(mark: string, then: 'text' | 'beginning', isEnd: boolean): boolean {
    this.#takeSpace()
    if (!isEnd && this.#held.length < mark.length && mark.startsWith(this.#held)) return false
    if (this.#held.startsWith(mark)) this.#held = this.#held.slice(mark.length)
    this.#place = then
    return true
  }

  /** After the reasoning: leaves out the mark that opens the answer, where there is one. */
  #wrap(isEnd: boolean): boolean {
    const [open, close] = this.#tags?.answer ?? []
    if (open === undefined) this.#place = 'beginning'
    else {
      const length = this.#held.trimStart().length
      if (!this.#skip(open, 'beginning', isEnd)) return false
      if (this.#held.length < length) this.#wrapEnd = close
    }
    this.#tags = undefined
    return true
  }

  /** An answer may be a call from its first character on, with a mark or without. */
  #begin(isEnd: boolean): boolean {
    this.#say(this.#takeSpace())
    const held = this.#held
    if (held === '' || (!isEnd && this.#opens.some((open) => open.length > held.length && open.startsWith(held)))) {
      return false
    }
    const isMarked = this.#opens.some((open) => held.startsWith(open))
    const format = isMarked ? undefined : this.#formats.find(({ bare }) => bare?.test(held[0]!))
    if (format === undefined) this.#place = 'text'
    else this.#start(format)
    return true
  }

  #pass(isEnd: boolean): boolean {
    const end = this.#voice === 'reasoning' ? this.#tags?.close : this.#wrapEnd
    const marks = end === undefined ? this.#opens : [end, ...this.#opens]
    const found = findMark(this.#held, marks)
    const length = found?.at ?? this.#held.length - (isEnd ? 0 : heldLength(this.#held, marks))
    this.#say(this.#held.slice(0, length))
    this.#held = this.#held.slice(length + (found?.mark.length ?? 0))
    if (found === undefined) return false
    if (found.mark !== end) {
      this.#mark = found.mark
      this.#place = 'choice'
    } else if (this.#voice === 'reasoning') this.#close()
    else this.#wrapEnd = undefined
    return true
  }

  /** The end of the reasoning: calls that it talked about are not meant. */
  #close(): void {
    const doubt = this.#doubt
    if (doubt !== undefined) {
      this.#doubt = undefined
      this.#spoken.reasoning = doubt.before
      this.#say(doubt.raw.join(''))
    }
    this.#voice = 'content'
    this.#spoken.content = new SpokenText(true)
    this.#place = 'wrapping'
  }

  /** Which format it is that the mark begins. */
  #choose(isEnd: boolean): boolean {
    this.#gap += this.#takeSpace()
    const first = this.#held[0] ?? ''
    if (first === '' && !isEnd) return false
    const format = this.#formats.find((one) => one.opens.includes(this.#mark) && (one.first?.test(first) ?? true))
    if (format === undefined) this.#giveUp('')
    else this.#start(format)
    return true
  }

  #start({ read, isInThinking }: ToolFormat): void {
    const text = new CallText()
    const isMeant = this.#tags === undefined || isInThinking === true
    this.#call = { text, reading: read(text, this.#tools, this.#mark), isMeant }
    this.#place = 'call'
  }

  #read(isEnd: boolean): boolean {
    const { text, reading } = this.#call!
    text.add(this.#held)
    this.#held = ''
    if (isEnd) text.end()
    try {
      for (;;) {
        const { done, value } = reading.next()
        if (!done && value === undefined) return false
        const read = this.#takeMark() + text.forget()
        if (typeof value === 'object') this.#take(value, read)
        else if (typeof value === 'string') this.#voice = value
        if (!done) continue
        this.#finish(read)
        this.#held = text.rest
        this.#place = 'text'
        return true
      }
    } catch (error) {
      if (!(error instanceof NoCall)) throw error
      const read = text.forget()
      this.#held = text.rest
      this.#giveUp(read)
      return true
    }
  }

  /** Marks that ended a call are no text, white space without one may be. */
  #finish(read: string): void {
    const marks = read.trimEnd()
    this.#doubt?.raw.push(marks)
    this.#say(read.slice(marks.length))
  }

  /** What was read since the last call, with its mark, is text. */
  #giveUp(read: string): void {
    const text = this.#takeMark() + read
    this.#place = 'text'
    this.#say(text)
  }

  #takeMark(): string {
    const mark = this.#mark + this.#gap
    this.#mark = ''
    this.#gap = ''
    return mark
  }

  #say(text: string): void {
    const said = this.#spoken[this.#voice].say(text)
    if (this.#doubt !== undefined) {
      this.#doubt.raw.push(text)
      this.#doubt.said += said
    } else if (this.#voice === 'reasoning') this.#reasoning += said
    else this.#content += said
  }

  /** `read`: the call as it was written. */
  #take(call: ToolCall, read: string): void {
    if (this.#call!.isMeant) this.#calls.push(call)
    else {
      this.#doubt ??= { raw: [], calls: [], before: this.#spoken.reasoning.copy(), said: '' }
      this.#doubt.raw.push(read)
      this.#doubt.calls.push(call)
    }
    this.#spoken[this.#voice].interrupt()
  }
}

/** How to read what follows a prompt that a chat template made. `newId` gives an id unlike all others of the chat. */
export const answerReading = (
  prompt: string,
  template: string,
  tools: readonly ChatTool[] | undefined,
  newId: () => string,
): AnswerReading => ({
  inside: openReasoning(prompt),
  formats: toolFormats(template),
  tools: new OfferedTools(tools ?? [], newId),
})

/** The same for a text that is complete. */
export function splitAnswer(text: string, reading: AnswerReading): Split {
  const splitter = new AnswerSplitter(reading)
  const first = splitter.push(text)
  const last = splitter.end()
  return {
    reasoning: first.reasoning + last.reasoning,
    content: first.content + last.content,
    calls: [...first.calls, ...last.calls],
  }
}
