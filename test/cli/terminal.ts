// A real terminal to type in: tmux, with a server of its own.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const LINES_KEPT = 50_000
const POLL_MS = 20
/** Each starts a process of its own and so takes as long as this machine is slow. */
const UNCHANGED_POLLS_MAX = 3000

export function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Its server does not end by itself. */
export class Terminal implements Disposable {
  readonly #server: string

  /** A terminal that runs `words`, and stays when they end. */
  constructor(name: string, words: readonly string[], columns = 200) {
    this.#server = `tsinfer-${name}-${process.pid}`
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
    const settings = ['set-option', '-g', 'history-limit', `${LINES_KEPT}`, ';', 'set-option', '-g', 'escape-time', '0']
    this.#tmux('-f', '/dev/null', 'start-server', ';', ...settings, ';', ...this.#session(quoted, columns))
  }

  #session(command: string, columns: number): string[] {
    return ['new-session', '-d', '-x', String(columns), '-y', '50', `${command}; echo "[ended: $?]"; cat`]
  }

  #tmux(...words: string[]): string {
    return execFileSync('tmux', ['-L', this.#server, ...words], { encoding: 'utf8' })
  }

  /** All that can be read by scrolling back. */
  get text(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-').trimEnd()
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text)
  }

  /** Names as tmux has them: `Enter`, `Up`, `C-c`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  /**
   * Waits until the text that has come since `from` (a length) fits, and returns it. Gives up where it has not changed for
   * three thousand looks.
   */
  async until(fits: (fresh: string) => boolean, from = 0): Promise<string> {
    let last = ''
    let polls = 0
    for (;;) {
      const fresh = this.text.slice(from)
      if (fits(fresh)) return fresh
      polls = fresh === last ? polls + 1 : 0
      last = fresh
      if (polls > UNCHANGED_POLLS_MAX) throw new Error(`the terminal does not show what was waited for:\n${fresh}`)
      await sleep(POLL_MS)
    }
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server')
  }
}
