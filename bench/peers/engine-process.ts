// The bench's side of an engine's process: starts it, gives it one task at a time, ends it.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TsinferError } from '../../engine/index.ts'
import type { Answer, Batched, BatchTask, Generated, GenerateTask, Loaded, LoadTask, Task } from './protocol.ts'

/** Engines by name, with the module that measures each in a process of its own. */
export const ENGINES: Readonly<Record<string, URL>> = {
  tsinfer: new URL('./tsinfer.js', import.meta.url),
  'node-llama-cpp': new URL('./node-llama-cpp.js', import.meta.url),
  wllama: new URL('./wllama.js', import.meta.url),
}

export const listed = (text: string): string[] => text.split(',').filter((word) => word !== '')

/** The engines of a list. Throws `option_invalid` for none or an unknown one. */
export function engineNames(text: string): string[] {
  const names = listed(text)
  const unknown = names.find((name) => ENGINES[name] === undefined)
  if (unknown === undefined && names.length > 0) return names
  const known = Object.keys(ENGINES).join(', ')
  throw new TsinferError('option_invalid', `--engines: expected some of ${known}, found ${unknown ?? 'none'}`)
}

interface Waiting {
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class EngineProcess implements Disposable {
  readonly name: string
  readonly #child: ChildProcess
  /** Why nothing more will come. */
  #ended: Error | undefined
  #waiting: Waiting | undefined

  /** Runs `entry` with the Node binary `node`. */
  constructor(name: string, entry: URL, node: string) {
    this.name = name
    this.#child = fork(fileURLToPath(entry), { execPath: node, execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] })
    this.#child.on('message', (answer: Answer) => this.#settle((waiting) => waiting.resolve(answer)))
    this.#child.on('error', (error) => this.#end(error))
    this.#child.on('exit', (code, signal) => this.#end(new Error(`ended early: ${signal ?? `exit code ${code}`}`)))
  }

  load(task: Omit<LoadTask, 'kind'>): Promise<Loaded> {
    return this.#perform({ ...task, kind: 'load' })
  }

  async warmUp(): Promise<void> {
    await this.#perform({ kind: 'warmUp' })
  }

  generate(task: Omit<GenerateTask, 'kind'>): Promise<Generated> {
    return this.#perform({ ...task, kind: 'generate' })
  }

  batch(task: Omit<BatchTask, 'kind'>): Promise<Batched> {
    return this.#perform({ ...task, kind: 'batch' })
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }

  async #perform<A extends Answer>(task: Task): Promise<A> {
    if (this.#ended) throw this.#ended
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#child.send(task, (error) => error && this.#end(error))
    })
    if (answer.kind === 'failed') throw new Error(`${this.name}: ${answer.message}`)
    return answer as A
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) how(waiting)
  }

  #end(reason: Error): void {
    this.#ended ??= new Error(`${this.name}: ${reason.message}`)
    const error = this.#ended
    this.#settle((waiting) => waiting.reject(error))
  }
}
