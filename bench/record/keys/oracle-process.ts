// Asks llama.cpp about files in a process of its own, which is started again whenever a file has ended it.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer } from './llama-figures.ts'
import type { Question } from './oracle-child.ts'
import type { FactsAnswer } from './vocabulary-facts.ts'

/** Longer than any answer takes: some keys make llama.cpp take memory for ever. */
const ANSWER_MS = 20_000

export class OracleProcess implements Disposable {
  #child: ChildProcess | undefined

  /** What llama.cpp computes with the model at `path`. */
  figures(path: string): Promise<Answer> {
    return this.#ask({ path, about: 'figures' })
  }

  /** What it makes of the vocabulary at `path`. */
  facts(path: string): Promise<FactsAnswer> {
    return this.#ask({ path, about: 'facts' })
  }

  #ask<Found>(question: Question): Promise<Found | { readonly refused: string }> {
    this.#child ??= fork(fileURLToPath(new URL('./oracle-child.js', import.meta.url)), {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const child = this.#child
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS)
      const settle = (answer: Found | { readonly refused: string }) => {
        clearTimeout(timer)
        child.removeAllListeners()
        resolve(answer)
      }
      child.once('message', settle)
      child.once('error', reject)
      child.once('exit', (code, signal) => {
        this.#child = undefined
        settle({ refused: `ended its process: ${signal ?? code}` })
      })
      child.send(question)
    })
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL')
  }
}
