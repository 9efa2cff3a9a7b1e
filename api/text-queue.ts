// Tasks for a text worker, from the caller's thread. They are handed over one at a time, so that a thread that dies takes
// only the task with it that it was at; the others go to the next one.
import type { MessagePort } from 'node:worker_threads'
import { abortedError, onAbort, type ResidentFault, TsinferError } from '../engine/index.ts'
import type { FromTextWorker, TextAnswer, TextFacts, TextQuestion } from '../tokenizer/text-messages.ts'

/** A text worker that has been started. */
export interface TextWorker {
  readonly port: MessagePort
  /** Why it has ended by itself; never rejects. */
  readonly died: Promise<ResidentFault>
  /** Ends it, whatever it is doing. */
  end(): Promise<void>
}

/** What a worker says besides answers. */
export interface TextNews {
  onReady(facts: TextFacts): void
  /** The worker has ended, or was ended, before it was ready. */
  onUnready(error: unknown): void
  onNotice(notice: string): void
}

interface Task {
  readonly question: TextQuestion
  resolve(answer: TextAnswer): void
  reject(error: unknown): void
}

/** How long a task that nobody waits for may go on: about what it takes to read a vocabulary again. */
const PATIENCE_MS = 300

export class TextQueue {
  readonly #start: () => TextWorker
  readonly #news: TextNews
  /** Whether the worker stays when there is nothing to do. */
  readonly #isLasting: boolean
  readonly #waiting: Task[] = []
  readonly #ending = new Set<Promise<void>>()
  #worker: TextWorker | undefined
  #isReady = false
  #current: Task | undefined
  #patience: NodeJS.Timeout | undefined
  #isClosed = false

  /** `start`: starts a worker. One that stays is started at once and keeps the process alive. */
  constructor(start: () => TextWorker, isLasting: boolean, news: TextNews) {
    this.#start = start
    this.#news = news
    this.#isLasting = isLasting
    if (isLasting) this.#ready()
  }

  /**
   * The answer to a question; questions are answered in their order. Rejects at once with `aborted` when `signal` fires and
   * with `closed`; with `thread_died` or `out_of_memory` where the thread dies of it; with what the worker says.
   */
  ask(question: TextQuestion, signal?: AbortSignal): Promise<TextAnswer> {
    if (this.#isClosed) return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(abortedError('the request', signal))
    return new Promise((resolve, reject) => {
      const task: Task = {
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

  #ready(): TextWorker {
    if (this.#worker) return this.#worker
    const worker = this.#start()
    this.#worker = worker
    this.#isReady = false
    worker.port.on('message', (message: FromTextWorker) => {
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
        if (!this.#isLasting) this.#dismiss()
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

  #receive(message: FromTextWorker): void {
    if (message.kind === 'ready') {
      this.#isReady = true
      this.#news.onReady(message.facts)
    } else if (message.kind === 'notice') this.#tell(message.notice)
    else {
      const task = this.#current
      clearTimeout(this.#patience)
      this.#current = undefined
      if (message.kind === 'refused') task?.reject(new TsinferError(message.code, message.message))
      else task?.resolve(message)
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
  #giveUp(task: Task): void {
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
