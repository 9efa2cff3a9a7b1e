// How an answer looks on a terminal: without what would steer it, the reasoning set apart.
import { steeringFree } from '../shell/terminal-text.ts'
import type { Terminal } from './keyboard.ts'
import type { AnswerView } from './session.ts'

/** Where it can be dim, reasoning is; elsewhere words say what is what. */
const DIM = { open: '\u001b[2m', close: '\u001b[22m', answer: '' }
const NAMED = { open: '(reasoning) ', close: '', answer: '(answer) ' }

export class TerminalView implements AnswerView {
  readonly #output: Terminal['output']
  readonly #marks: typeof DIM
  readonly #isRaw: boolean
  #isReasoning = false
  #endsLine = true

  constructor({ output, styles }: Terminal, isRaw: boolean) {
    this.#output = output
    this.#marks = styles ? DIM : NAMED
    this.#isRaw = isRaw
  }

  reasoning(text: string): void {
    if (!this.#isReasoning) this.#output.write(this.#marks.open)
    this.#isReasoning = true
    this.#write(text)
  }

  text(text: string): void {
    if (this.#isReasoning) this.#output.write(`${this.#marks.close}\n\n${this.#marks.answer}`)
    this.#isReasoning = false
    this.#write(text)
  }

  end(): void {
    if (this.#isReasoning) this.#output.write(this.#marks.close)
    if (!this.#endsLine) this.#output.write('\n')
  }

  #write(text: string): void {
    const shown = this.#isRaw ? text : steeringFree(text)
    if (shown === '') return
    this.#output.write(shown)
    this.#endsLine = shown.endsWith('\n')
  }
}
