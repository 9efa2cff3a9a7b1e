// Reads messages from a terminal: line editing with history, messages of several lines, pastes, Ctrl-C. While an answer
// is written, nothing typed is shown; it waits for the next prompt.
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { MessageAssembler } from './message-assembler.ts'

const PROMPT = '> '
const PROMPT_MORE = '. '
const HISTORY_LINES = 1000
const PASTE_ON = '\u001b[?2004h'
const PASTE_OFF = '\u001b[?2004l'

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream & { readonly columns?: number }
}

export class MessageReader {
  private readonly editor: Interface
  private readonly output: MutedOutput
  private readonly terminal: Terminal
  private readonly assembler = new MessageAssembler()
  private readonly ready: string[] = []
  private isPasting = false
  private isClosed = false
  private waiting: ((message: string | undefined) => void) | undefined
  /** Called at Ctrl-C while nobody reads. */
  onInterrupt: () => void = () => {}

  constructor(terminal: Terminal) {
    this.terminal = terminal
    this.output = new MutedOutput(terminal.output)
    const { input } = terminal
    this.editor = createInterface({ input, output: this.output, terminal: true, historySize: HISTORY_LINES })
    this.editor.on('line', (line) => this.take(line))
    this.editor.on('SIGINT', () => this.interrupt())
    this.editor.on('close', () => this.end())
    input.on('keypress', this.watchPaste)
    terminal.output.write(PASTE_ON)
    this.output.isMuted = true
  }

  /** The next message; undefined when the input has ended. */
  read(): Promise<string | undefined> {
    const message = this.ready.shift()
    if (message !== undefined) {
      this.terminal.output.write(`${PROMPT}${message.replaceAll('\n', `\n${PROMPT_MORE}`)}\n`)
      return Promise.resolve(message)
    }
    if (this.isClosed) return Promise.resolve(undefined)
    this.output.isMuted = false
    this.prompt()
    return new Promise((resolve) => {
      this.waiting = resolve
    })
  }

  /** Gives the terminal back. */
  close(): void {
    if (!this.isClosed) this.editor.close()
  }

  private readonly watchPaste = (_text: string | undefined, key: { readonly name?: string } | undefined): void => {
    if (key?.name === 'paste-start') this.isPasting = true
    else if (key?.name === 'paste-end') this.isPasting = false
  }

  private prompt(): void {
    this.editor.setPrompt(this.assembler.isOpen ? PROMPT_MORE : PROMPT)
    this.editor.prompt(true)
  }

  private take(line: string): void {
    const message = this.assembler.add(line, this.isPasting)
    if (message === undefined) {
      if (this.waiting) this.prompt()
    } else if (this.waiting) this.resolve(message)
    else this.ready.push(message)
  }

  private resolve(message: string | undefined): void {
    this.output.isMuted = true
    const { waiting } = this
    this.waiting = undefined
    waiting?.(message)
  }

  /** At the prompt, Ctrl-C takes back what was typed. */
  private interrupt(): void {
    if (!this.waiting) {
      this.onInterrupt()
      return
    }
    const isEmpty = this.editor.line === '' && !this.assembler.isOpen
    this.assembler.clear()
    this.editor.write(null, { ctrl: true, name: 'e' })
    this.editor.write(null, { ctrl: true, name: 'u' })
    this.terminal.output.write(isEmpty ? '\n/exit or Ctrl-D leaves the chat\n' : '\n')
    this.prompt()
  }

  private end(): void {
    this.isClosed = true
    this.terminal.input.removeListener('keypress', this.watchPaste)
    this.terminal.output.write(PASTE_OFF)
    if (this.waiting) this.terminal.output.write('\n')
    this.resolve(undefined)
  }
}

/** Passes on what the editor draws, unless it is muted. */
class MutedOutput extends Writable {
  isMuted = false
  readonly #output: Terminal['output']

  constructor(output: Terminal['output']) {
    super({ decodeStrings: false })
    this.#output = output
    output.on('resize', () => this.emit('resize'))
  }

  get columns(): number | undefined {
    return this.#output.columns
  }

  override _write(chunk: string | Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    if (!this.isMuted) this.#output.write(chunk)
    done()
  }
}
