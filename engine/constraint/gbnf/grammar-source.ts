// The text of a grammar in GBNF, read from the beginning to the end, and what is said of a place in it. Pure.
import { type ErrorCode, TsinferError } from '../../errors.ts'
import { quoted } from '../../quoted.ts'

export class GrammarSource {
  readonly #source: string
  /** What is read next. */
  at = 0

  constructor(source: string) {
    this.#source = source
  }

  /** The next character; empty at the end. */
  get next(): string {
    const code = this.#source.codePointAt(this.at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  get isEnd(): boolean {
    return this.at >= this.#source.length
  }

  take(text: string): boolean {
    const isThere = this.#source.startsWith(text, this.at)
    if (isThere) this.at += text.length
    return isThere
  }

  /** The characters from here that a sticky expression matches; empty where it does not. */
  run(expression: RegExp): string {
    expression.lastIndex = this.at
    const found = expression.exec(this.#source)?.[0] ?? ''
    this.at += found.length
    return found
  }

  /** Passes blanks and comments, and line ends where a rule goes on behind them. */
  spaces(withLineEnds: boolean): void {
    for (;;) {
      const { length } = this.run(withLineEnds ? /[ \t\r\n]*/y : /[ \t]*/y) + this.run(/#[^\r\n]*/y)
      if (length === 0) return
    }
  }

  /** What an error says: line and column count from 1. */
  fault(expected: string, at = this.at, code: ErrorCode = 'grammar_invalid', found = this.#found(at)): TsinferError {
    const before = this.#source.slice(0, at)
    const lines = before.split(/\r\n|\r|\n/)
    const column = Array.from(lines.at(-1)!).length + 1
    return new TsinferError(
      code,
      `grammar line ${lines.length}, column ${column}: expected ${expected}, found ${found}`,
    )
  }

  #found(at: number): string {
    if (at >= this.#source.length) return 'the end'
    const [word] = /^(?:[\w-]+|\\(?:[xuU][0-9a-fA-F]*|.)?|[\s\S])/u.exec(this.#source.slice(at, at + 80)) ?? ['']
    return word === '\n' || word === '\r' ? 'the end of the line' : quoted(word)
  }
}
