// Reads messages from a terminal: line editing with history, completion and search, messages of several lines, pastes,
// Ctrl-C. While an answer is written, nothing typed is shown; it waits for the next prompt.
import { createInterface, type Interface, type Key } from 'node:readline'
import { PassThrough, Writable } from 'node:stream'
import { steeringFree } from '../shell/terminal-text.ts'
import { HistorySearch } from './history-search.ts'
import { Keyboard, type Terminal } from './keyboard.ts'
import { MessageAssembler } from './message-assembler.ts'

const PROMPT = '> '
const PROMPT_MORE = '. '
const HISTORY_LINES = 1000
const NOT_UTF8 = 'tsinfer: message: expected UTF-8, found bytes that are none; it was not sent\n'

/** What could stand in place of the end of a line, and which end. */
type Complete = (line: string) => [candidates: string[], end: string]

export class MessageReader {
  readonly #terminal: Terminal
  readonly #output: MutedOutput
  readonly #editor: Interface
  readonly #keyboard: Keyboard
  readonly #assembler = new MessageAssembler()
  readonly #ready: string[] = []
  #history: readonly string[] = []
  #search: HistorySearch | undefined
  #lineBefore = ''
  #isClosed = false
  #waiting: ((message: string | undefined) => void) | undefined
  /** Called at Ctrl-C while nobody reads. */
  onInterrupt: () => void = () => {}

  constructor(terminal: Terminal, complete: Complete) {
    this.#terminal = terminal
    this.#output = new MutedOutput(terminal.output)
    this.#editor = createInterface({
      // It is given one key after the other.
      input: new PassThrough(),
      output: this.#output,
      terminal: true,
      historySize: HISTORY_LINES,
      completer: complete,
    })
    this.#editor.on('line', (line) => this.#take(line))
    this.#editor.on('close', () => this.#end())
    this.#editor.on('history', (lines) => {
      this.#history = [...lines]
    })
    this.#keyboard = new Keyboard(terminal, this.#editor, {
      key: (text, key) => this.#key(text, key),
      resume: () => this.#resume(),
      end: () => this.close(),
    })
    this.#output.isMuted = true
  }

  /** The next message; undefined when the input has ended. */
  read(): Promise<string | undefined> {
    const message = this.#ready.shift()
    if (message !== undefined) {
      this.#terminal.output.write(`${PROMPT}${steeringFree(message).replaceAll('\n', `\n${PROMPT_MORE}`)}\n`)
      return Promise.resolve(message)
    }
    if (this.#isClosed) return Promise.resolve(undefined)
    this.#output.isMuted = false
    this.#prompt()
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** Gives the terminal back. */
  close(): void {
    if (!this.#isClosed) this.#editor.close()
  }

  #key(text: string | undefined, key: Key): void {
    if (this.#isClosed) return
    const control = key.ctrl === true && !this.#keyboard.isPasting ? key.name : undefined
    if (control === 'z') this.#keyboard.stop()
    else if (control === 'c') this.#interrupt()
    else if (this.#search !== undefined) this.#searchKey(this.#search, text, key)
    else if (control === 'r' && this.#waiting !== undefined && this.#terminal.moves) this.#beginSearch()
    else if (this.#keyboard.isPasting) this.#paste(text, key)
    else if (key.name === 'tab' && !this.#editor.line.startsWith('/')) this.#editor.write('\t')
    else this.#editor.write(text, key)
  }

  /** Of what is pasted nothing is a command to the editor but the ends of lines. */
  #paste(text: string | undefined, key: Key): void {
    if (key.name === 'return' || key.name === 'enter') this.#editor.write(null, key)
    else if (text !== undefined) this.#editor.write(steeringFree(text))
  }

  #resume(): void {
    if (this.#waiting === undefined) return
    // What the editor has drawn is not where it believes it to be.
    Object.assign(this.#editor, { prevRows: 0 })
    if (this.#search === undefined) this.#prompt()
    else this.#showSearch(this.#search)
  }

  #prompt(): void {
    this.#editor.setPrompt(this.#assembler.isOpen ? PROMPT_MORE : PROMPT)
    this.#editor.prompt(true)
  }

  #take(line: string): void {
    if (this.#keyboard.takeBroken()) {
      this.#assembler.clear()
      this.#terminal.output.write(NOT_UTF8)
      if (this.#waiting) this.#prompt()
      return
    }
    const message = this.#assembler.add(line, this.#keyboard.isPasting)
    if (message === undefined) {
      if (this.#waiting) this.#prompt()
    } else if (this.#waiting) this.#resolve(message)
    else this.#ready.push(message)
  }

  #resolve(message: string | undefined): void {
    this.#output.isMuted = true
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.(message)
  }

  /** At the prompt, Ctrl-C takes back what was typed. */
  #interrupt(): void {
    if (!this.#waiting) {
      this.onInterrupt()
      return
    }
    const isEmpty = this.#editor.line === '' && !this.#assembler.isOpen
    this.#search = undefined
    this.#assembler.clear()
    this.#keyboard.takeBroken()
    this.#setLine('')
    this.#terminal.output.write(isEmpty ? '\n/exit or Ctrl-D leaves the chat\n' : '\n')
    this.#prompt()
  }

  #setLine(text: string): void {
    // A dumb terminal's editor knows no keys that erase.
    if (!this.#terminal.moves) Object.assign(this.#editor, { line: '', cursor: 0 })
    this.#editor.write(null, { ctrl: true, name: 'e' })
    this.#editor.write(null, { ctrl: true, name: 'u' })
    if (text !== '') this.#editor.write(text)
  }

  #beginSearch(): void {
    this.#lineBefore = this.#editor.line
    this.#search = new HistorySearch(this.#history)
    this.#showSearch(this.#search)
  }

  /** Ctrl-R goes on, Enter sends what is found, Ctrl-G leaves; any other key edits it. */
  #searchKey(search: HistorySearch, text: string | undefined, key: Key): void {
    if (key.ctrl && key.name === 'r') search.older()
    else if (key.name === 'backspace') search.erase()
    else if (text !== undefined && !key.ctrl && !key.meta && steeringFree(text) !== '' && text >= ' ') search.add(text)
    else {
      this.#search = undefined
      const isLeft = key.name === 'escape' || (key.ctrl && key.name === 'g')
      if (isLeft) this.#setLine(this.#lineBefore)
      this.#prompt()
      if (!isLeft) this.#editor.write(text, key)
      return
    }
    this.#showSearch(search)
  }

  #showSearch(search: HistorySearch): void {
    const { query, found } = search
    this.#setLine(found ?? '')
    this.#editor.setPrompt(`(${found === undefined && query !== '' ? 'not found' : 'search'}: ${query}) `)
    this.#editor.prompt(true)
  }

  #end(): void {
    this.#isClosed = true
    this.#keyboard.close()
    if (this.#waiting) this.#terminal.output.write('\n')
    this.#resolve(undefined)
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
