// The keyboard of a terminal: keys one by one, pastes told from typing, bytes that are no UTF-8. While somebody listens the
// terminal is in raw mode; it is given back when the process is stopped (Ctrl-Z), and taken again when it goes on.
import { emitKeypressEvents, type Interface, type Key } from 'node:readline'
import type { TerminalAbilities } from '../shell/terminal-abilities.ts'

const PASTE_ON = '\u001b[?2004h'
const PASTE_OFF = '\u001b[?2004l'

export interface Terminal extends TerminalAbilities {
  readonly input: NodeJS.ReadableStream & { setRawMode?(isRaw: boolean): unknown }
  readonly output: NodeJS.WritableStream & { readonly columns?: number }
}

interface KeyListener {
  key(text: string | undefined, key: Key): void
  /** The process was stopped and goes on: what is on the screen is somebody else's. */
  resume(): void
  /** Nothing more can be typed. */
  end(): void
}

export class Keyboard {
  readonly #terminal: Terminal
  readonly #listener: KeyListener
  #utf8 = new TextDecoder('utf-8', { fatal: true })
  #isPasting = false
  #isBroken = false
  #isOurs = false
  #isClosed = false

  /** `editor` says how long an escape sequence may take to come. */
  constructor(terminal: Terminal, editor: Interface, listener: KeyListener) {
    this.#terminal = terminal
    this.#listener = listener
    const { input } = terminal
    emitKeypressEvents(input, editor)
    input.on('data', this.#check)
    input.on('keypress', this.#key)
    input.on('end', this.#end)
    process.on('SIGTSTP', this.#stopped)
    process.on('SIGCONT', this.#goOn)
    this.#take()
    input.resume()
  }

  /** Whether what is typed comes out of a paste. */
  get isPasting(): boolean {
    return this.#isPasting
  }

  /** Whether bytes came that are no UTF-8 since this was asked last. */
  takeBroken(): boolean {
    const isBroken = this.#isBroken
    this.#isBroken = false
    return isBroken
  }

  /** Stops the process as Ctrl-Z does elsewhere. Returns when it goes on. */
  stop(): void {
    if (process.platform === 'win32') return
    // All of the group: started by npx, it is npx that the shell waits for.
    this.#stop(0)
  }

  /** Gives the terminal back for good. */
  close(): void {
    const { input } = this.#terminal
    input.removeListener('data', this.#check)
    input.removeListener('keypress', this.#key)
    input.removeListener('end', this.#end)
    process.removeListener('SIGTSTP', this.#stopped)
    process.removeListener('SIGCONT', this.#goOn)
    this.#isClosed = true
    this.#give()
    input.pause()
  }

  readonly #check = (bytes: string | Uint8Array): void => {
    if (typeof bytes === 'string') return
    try {
      this.#utf8.decode(bytes, { stream: true })
    } catch {
      this.#utf8 = new TextDecoder('utf-8', { fatal: true })
      this.#isBroken = true
    }
  }

  readonly #key = (text: string | undefined, key: Key): void => {
    if (key.name === 'paste-start') this.#isPasting = true
    else if (key.name === 'paste-end') this.#isPasting = false
    else this.#listener.key(text, key)
  }

  readonly #end = (): void => this.#listener.end()

  readonly #stopped = (): void => this.#stop(process.pid)

  #stop(target: number): void {
    this.#give()
    process.removeListener('SIGTSTP', this.#stopped)
    process.kill(target, 'SIGTSTP')
    process.on('SIGTSTP', this.#stopped)
    // Where no shell watches over the terminal nothing was stopped. Otherwise SIGCONT is told of first.
    setImmediate(() => setImmediate(() => this.#isOurs || this.#goOn()))
  }

  readonly #goOn = (): void => {
    if (this.#isClosed) return
    // The shell may have changed the mode: it is set again whatever this process believes it to be.
    this.#terminal.input.setRawMode?.(false)
    this.#take()
    this.#listener.resume()
  }

  #take(): void {
    this.#isOurs = true
    this.#terminal.input.setRawMode?.(true)
    if (this.#terminal.moves) this.#terminal.output.write(PASTE_ON)
  }

  #give(): void {
    if (!this.#isOurs) return
    this.#isOurs = false
    this.#isPasting = false
    if (this.#terminal.moves) this.#terminal.output.write(PASTE_OFF)
    this.#terminal.input.setRawMode?.(false)
  }
}
