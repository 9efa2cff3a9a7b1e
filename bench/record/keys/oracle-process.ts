// Asks llama.cpp about files in a process of its own, which is started again whenever a file has ended it.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer } from './llama-figures.ts'

export class OracleProcess implements Disposable {
  #child: ChildProcess | undefined

  /** What llama.cpp says of the model at `path`. */
  ask(path: string): Promise<Answer> {
    this.#child ??= fork(fileURLToPath(new URL('./llama-figures.js', import.meta.url)), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const child = this.#child
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer) => {
        child.removeAllListeners()
        resolve(answer)
      }
      child.once('message', settle)
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        this.#child = undefined
        settle({ refused: `ended its process: ${signal ?? code}` })
      })
      child.send(path)
    })
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL')
  }
}
