// A real terminal to type in: tmux, with a server of its own.
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

const LINES_KEPT = 50_000
const POLL_MS = 20

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

  /** Waits until the text that has come since `from` (a length) fits, and returns it. */
  async until(fits: (fresh: string) => boolean, from = 0, timeoutMs = 60_000): Promise<string> {
    const end = performance.now() + timeoutMs
    for (;;) {
      const fresh = this.text.slice(from)
      if (fits(fresh)) return fresh
      if (performance.now() > end) throw new Error(`the terminal does not show what was waited for:\n${fresh}`)
      await sleep(POLL_MS)
    }
  }

  [Symbol.dispose](): void {
    this.#tmux('kill-server')
  }
}
