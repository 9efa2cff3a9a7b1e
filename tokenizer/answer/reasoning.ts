// Splits what a model thinks from what it answers, while the text streams in. Reasoning comes first, between a pair of
// tags; some templates end the prompt with the opening tag, so that the model begins inside. Pure.
import { heldLength, lengthTrimmed } from './held-text.ts'

export interface ReasoningTags {
  readonly open: string
  readonly close: string
  /** Around the answer that follows, where a model puts something there. */
  readonly answer?: readonly [open: string, close: string]
}

/** Tags by which models mark their reasoning. */
export const REASONING_TAGS: readonly ReasoningTags[] = [
  { open: '<think>', close: '</think>', answer: ['<response>', '</response>'] },
  { open: '<thinking>', close: '</thinking>' },
  { open: '<thought>', close: '</thought>' },
  { open: '<reasoning>', close: '</reasoning>' },
  { open: '[THINK]', close: '[/THINK]' },
  { open: '<seed:think>', close: '</seed:think>' },
  { open: '<|START_THINKING|>', close: '<|END_THINKING|>' },
  { open: '<|inner_prefix|>', close: '<|inner_suffix|>' },
  { open: '◁think▷', close: '◁/think▷' },
]

/** The tags that a prompt ends inside of; undefined where it does not end with an opening tag. */
export function openReasoning(prompt: string): ReasoningTags | undefined {
  const end = prompt.trimEnd()
  return REASONING_TAGS.find(({ open }) => end.endsWith(open))
}

export interface Split {
  readonly reasoning: string
  readonly answer: string
}

/** Neither reasoning nor the answer after it keeps the white space at the tags. */
export class ReasoningSplitter {
  #place: 'start' | 'reasoning' | 'gap' | 'answer'
  #tags: ReasoningTags | undefined
  #held = ''
  #hasReasoned = false
  /** A model may repeat the opening tag that the prompt already has. */
  #mayRepeat: boolean
  /** The mark that ends the answer's wrapping, where it has one. */
  #wrapEnd: string | undefined

  /** `inside`: the tags that the prompt left open. */
  constructor(inside: ReasoningTags | undefined) {
    this.#tags = inside
    this.#place = inside === undefined ? 'start' : 'reasoning'
    this.#mayRepeat = inside !== undefined
  }

  /** What has become certain with `text`. */
  push(text: string): Split {
    this.#held += text
    return this.#advance(false)
  }

  /** The rest. Reasoning that was never closed stays reasoning. */
  end(): Split {
    return this.#advance(true)
  }

  #advance(isEnd: boolean): Split {
    let reasoning = ''
    if (this.#place === 'start') this.#start(isEnd)
    if (this.#place === 'reasoning') reasoning = this.#reason(isEnd)
    if (this.#place === 'gap') this.#leaveGap(isEnd)
    return { reasoning, answer: this.#place === 'answer' ? this.#answer(isEnd) : '' }
  }

  /** Waits until the text is no opening tag, or is one. */
  #start(isEnd: boolean): void {
    const text = this.#held.trimStart()
    const tags = REASONING_TAGS.find(({ open }) => text.startsWith(open))
    if (tags !== undefined) {
      this.#tags = tags
      this.#held = text.slice(tags.open.length)
      this.#place = 'reasoning'
    } else if (isEnd || !REASONING_TAGS.some(({ open }) => open.startsWith(text))) this.#place = 'answer'
  }

  #reason(isEnd: boolean): string {
    const { open, close } = this.#tags!
    if (!this.#hasReasoned) this.#held = this.#held.trimStart()
    if (this.#mayRepeat) {
      if (this.#held.startsWith(open)) this.#held = this.#held.slice(open.length).trimStart()
      else if (!isEnd && open.startsWith(this.#held)) return ''
      this.#mayRepeat = false
    }
    const at = this.#held.indexOf(close)
    if (at >= 0) {
      const text = this.#held.slice(0, at).trimEnd()
      this.#held = this.#held.slice(at + close.length)
      this.#place = 'gap'
      return text
    }
    const free = this.#held.slice(0, this.#held.length - (isEnd ? 0 : heldLength(this.#held, [close])))
    const text = free.slice(0, lengthTrimmed(free))
    this.#held = this.#held.slice(text.length)
    if (text !== '') this.#hasReasoned = true
    return text
  }

  /** Drops white space after the reasoning, and the mark that opens the answer where there is one. */
  #leaveGap(isEnd: boolean): void {
    this.#held = this.#held.trimStart()
    const [open = '', close] = this.#tags?.answer ?? []
    if (open !== '' && this.#held.startsWith(open)) {
      this.#held = this.#held.slice(open.length)
      this.#wrapEnd = close
      this.#place = 'answer'
    } else if (isEnd || (this.#held !== '' && !open.startsWith(this.#held))) this.#place = 'answer'
  }

  #answer(isEnd: boolean): string {
    const wrapEnd = this.#wrapEnd
    const held = this.#held
    if (wrapEnd === undefined) {
      this.#held = ''
      return held
    }
    const at = held.indexOf(wrapEnd)
    const length = at >= 0 ? at : held.length - (isEnd ? 0 : heldLength(held, [wrapEnd]))
    this.#held = held.slice(length + (at >= 0 ? wrapEnd.length : 0))
    if (at >= 0) this.#wrapEnd = undefined
    return held.slice(0, length)
  }
}

/** The same for a text that is complete. */
export function splitReasoning(text: string, inside?: ReasoningTags): Split {
  const splitter = new ReasoningSplitter(inside)
  const first = splitter.push(text)
  const last = splitter.end()
  return { reasoning: first.reasoning + last.reasoning, answer: first.answer + last.answer }
}
