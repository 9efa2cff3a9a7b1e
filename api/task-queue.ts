// Tasks for a worker, from the caller's thread. They are handed over one at a time, so that a thread that dies takes only
// the task with it that it was at; the others go to the next one.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  abortedError,
  type ErrorCode,
  onAbort,
  type ResidentFault,
  startResidents,
  TsinferError,
} from '../engine/index.ts'

/** A worker that has been started. */
export interface TaskWorker {
  readonly port: MessagePort
  /** Why it has ended by itself; never rejects. */
  readonly died: Promise<ResidentFault>
  /** Ends it, whatever it is doing. */
  end(): Promise<void>
}

/** What a worker says besides answers. */
export interface TaskNews<Facts> {
  onReady(facts: Facts): void
  /** The worker has ended, or was ended, before it was ready. */
  onUnready(error: unknown): void
  onNotice(notice: string): void
}

interface Task<Question, Answer> {
  readonly question: Question
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/** What a worker says beside answers. */
type WorkerNews<Facts> =
  | { readonly kind: 'ready'; readonly facts: Facts }
  | { readonly kind: 'notice'; readonly notice: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }

/** When the worker is there: always, from the first task on, or only while there are tasks. */
type Lifetime = 'always' | 'once used' | 'while used'

/** How long a task that nobody waits for may go on: about what it takes to read a vocabulary again. */
const PATIENCE_MS = 300

export class TaskQueue<Question, Answer extends { readonly kind: string }, Facts> {
  readonly #start: () => TaskWorker
  readonly #news: TaskNews<Facts>
  readonly #lifetime: Lifetime
  readonly #waiting: Task<Question, Answer>[] = []
  readonly #ending = new Set<Promise<void>>()
  #worker: TaskWorker | undefined
  #isReady = false
  #current: Task<Question, Answer> | undefined
  #patience: NodeJS.Timeout | undefined
  #isClosed = false

  /** `start`: starts a worker, which keeps the process alive. */
  constructor(start: () => TaskWorker, lifetime: Lifetime, news: TaskNews<Facts>) {
    this.#start = start
    this.#news = news
    this.#lifetime = lifetime
    if (lifetime === 'always') this.#ready()
  }

  /**
   * The answer to a question; questions are answered in their order. Rejects at once with `aborted` when `signal` fires and
   * with `closed`; with `thread_died` or `out_of_memory` where the thread dies of it; with what the worker says.
   */
  ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(abortedError('the request', signal))
    return new Promise((resolve, reject) => {
      const task: Task<Question, Answer> = {
        question,
        resolve(answer) {
          forget()
          resolve(answer)
        },
        reject(error) {
          forget()
          reject(error)
        },
      }
      const forget = onAbort(signal, () => {
        task.reject(abortedError('the request', signal))
        this.#giveUp(task)
      })
      this.#waiting.push(task)
      this.#handOver()
    })
  }

  /** Rejects all tasks with `closed`, at once; resolves when no thread is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (!this.#isReady) this.#news.onUnready(closedError())
    this.#rejectAll(closedError())
    this.#dismiss()
    await Promise.all(this.#ending)
  }

  #ready(): TaskWorker {
    if (this.#worker) return this.#worker
    const worker = this.#start()
    this.#worker = worker
    this.#isReady = false
    worker.port.on('message', (message: Answer | WorkerNews<Facts>) => {
      if (worker === this.#worker) this.#receive(message)
    })
    void worker.died.then((fault) => {
      if (worker === this.#worker) this.#lose(new TsinferError(fault.code, fault.message))
    })
    return worker
  }

  /** Gives the worker the next task, if it has none. */
  #handOver(): void {
    while (this.#current === undefined) {
      const task = this.#waiting.shift()
      if (!task) {
        if (this.#lifetime === 'while used') this.#dismiss()
        return
      }
      const { port } = this.#ready()
      try {
        port.postMessage(task.question)
        this.#current = task
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        task.reject(new TsinferError('prompt_invalid', `messages: expected plain data, found ${why}`, { cause }))
      }
    }
  }

  #receive(message: Answer | WorkerNews<Facts>): void {
    // An answer has a kind of its own.
    const news = message as WorkerNews<Facts>
    if (news.kind === 'ready') {
      this.#isReady = true
      this.#news.onReady(news.facts)
    } else if (news.kind === 'notice') this.#tell(news.notice)
    else {
      const task = this.#current
      clearTimeout(this.#patience)
      this.#current = undefined
      if (news.kind === 'refused') task?.reject(new TsinferError(news.code, news.message))
      else task?.resolve(message as Answer)
      this.#handOver()
    }
  }

  /** What the user's callback throws is an error of whatever brought the notice. */
  #tell(notice: string): void {
    try {
      this.#news.onNotice(notice)
    } catch (error) {
      if (!this.#isReady) this.#lose(error)
      else this.#current?.reject(error)
    }
  }

  /** Nobody waits for the task any more. If the worker is at it, it is replaced unless it ends soon. */
  #giveUp(task: Task<Question, Answer>): void {
    const place = this.#waiting.indexOf(task)
    if (place >= 0) this.#waiting.splice(place, 1)
    if (task !== this.#current) return
    this.#patience = setTimeout(() => {
      this.#dismiss()
      this.#current = undefined
      this.#handOver()
    }, PATIENCE_MS)
  }

  /** The worker is gone. One that was never ready would be no better the next time. */
  #lose(error: unknown): void {
    const task = this.#current
    this.#dismiss()
    this.#current = undefined
    task?.reject(error)
    if (!this.#isReady) {
      this.#news.onUnready(error)
      this.#rejectAll(error)
    }
    this.#handOver()
  }

  #rejectAll(error: unknown): void {
    this.#current?.reject(error)
    this.#current = undefined
    for (const task of this.#waiting.splice(0)) task.reject(error)
  }

  #dismiss(): void {
    clearTimeout(this.#patience)
    const worker = this.#worker
    if (!worker) return
    this.#worker = undefined
    worker.port.close()
    const ended = worker.end().then(() => {
      this.#ending.delete(ended)
    })
    this.#ending.add(ended)
  }
}

const closedError = (): TsinferError => new TsinferError('closed', 'the model is closed')

/** Starts a worker in the background: its entry gets the payload with the other end of the port. */
export function startTaskWorker(name: string, entry: URL, payload: object): TaskWorker {
  const { port1, port2 } = new MessageChannel()
  const resident = { name, entry, payload: { ...payload, port: port2 }, isBackground: true, transfer: [port2] }
  const { died, close } = startResidents([resident])
  return { port: port1, died, end: () => close(0) }
}
