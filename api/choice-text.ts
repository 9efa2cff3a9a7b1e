// The growing text of one choice: tokens become text, which is cut where a stop string began.
import { type StopAutomaton, StopWatch } from '../engine/index.ts'
import { byteStringAt } from '../tokenizer/byte-strings.ts'
import { StreamDecoder } from '../tokenizer/stream-decoder.ts'
import type { TokenTable } from '../tokenizer/vocabulary.ts'

/** How the tokens of a generation become text. */
export interface TextRules {
  /** Absent for a model without a vocabulary: all texts are empty. */
  readonly table: TokenTable | undefined
  /** Of the stop strings, if there are any. */
  readonly automaton: StopAutomaton | undefined
  /** Control tokens that are not left out of the text, with what they print. */
  readonly shown: ReadonlyMap<number, string>
}

/** Bytes that may still turn out to be a stop string are held back. */
export class ChoiceText {
  readonly ids: number[] = []
  text = ''
  finishReason: 'stop' | 'length' = 'length'
  readonly #table: TokenTable | undefined
  readonly #decoder: StreamDecoder | undefined
  readonly #watch: StopWatch | undefined
  /** Bytes not given to the decoder yet. */
  #held = new Uint8Array(0)
  #decodedBytes = 0
  #isCut = false
  readonly #shown: ReadonlyMap<number, string>
  /** Control tokens to show, by how many bytes of text come before them. */
  readonly #waiting: { readonly at: number; readonly text: string }[] = []

  constructor({ table, automaton, shown }: TextRules) {
    this.#shown = shown
    this.#table = table
    this.#decoder = table && new StreamDecoder(table, { atStart: false })
    this.#watch = table && automaton && new StopWatch(automaton, table.pieces)
  }

  /** Takes the next token; returns the text that is certain now. */
  add(token: number): string {
    this.ids.push(token)
    if (!this.#decoder || !this.#table) return ''
    const shown = this.#shown.get(token)
    if (!this.#watch) {
      return this.#grow(shown === undefined ? this.#decoder.decode([token]) : this.#decoder.flush() + shown)
    }
    if (shown !== undefined) this.#waiting.push({ at: this.#decodedBytes + this.#held.length, text: shown })
    const held = new Uint8Array([...this.#held, ...byteStringAt(this.#table.pieces, token)])
    this.#isCut = this.#watch.accept(token) === 'stop'
    const certain = this.#watch.keptBytes - this.#decodedBytes
    this.#held = held.slice(certain)
    return this.#grow(this.#decode(this.#decoder, held.subarray(0, certain)))
  }

  /** Text of the next bytes, with the control tokens that stand among them. */
  #decode(decoder: StreamDecoder, bytes: Uint8Array): string {
    let text = ''
    let from = 0
    while (this.#waiting.length > 0 && this.#waiting[0]!.at <= this.#decodedBytes + bytes.length) {
      const { at, text: shown } = this.#waiting.shift()!
      const to = at - this.#decodedBytes
      text += decoder.decodeBytes(bytes.subarray(from, to)) + decoder.flush() + shown
      from = to
    }
    this.#decodedBytes += bytes.length
    return text + decoder.decodeBytes(bytes.subarray(from))
  }

  /** The rest of the text: what was held back, unless a stop string cut it off. */
  end(): string {
    if (!this.#decoder) return ''
    const rest = this.#isCut ? '' : this.#decode(this.#decoder, this.#held)
    return this.#grow(rest + this.#decoder.flush())
  }

  #grow(text: string): string {
    this.text += text
    return text
  }
}
