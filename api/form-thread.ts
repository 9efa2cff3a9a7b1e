// The thread that compiles response formats, for the requests of one model. It is started for the first of them and stays.
import type {
  CompiledForm,
  FormAnswer,
  FormQuestion,
  FormWorkerPayload,
  ResponseFormat,
  TokenBytes,
} from '../engine/index.ts'
import { startTaskWorker, type TaskNews, TaskQueue, type TaskWorker } from './task-queue.ts'

const NO_NEWS: TaskNews<undefined> = { onReady() {}, onUnready() {}, onNotice() {} }

export class FormThread {
  readonly #queue: TaskQueue<FormQuestion, FormAnswer, undefined>

  /** `specials`: tokens that are never part of a constrained text. */
  constructor(tokenBytes: TokenBytes, specials: Int32Array) {
    this.#queue = new TaskQueue(() => startWorker({ tokenBytes, specials }), 'once used', NO_NEWS)
  }

  /** Rejects like `TaskQueue.ask`, and with what `resolveResponseFormat` throws. */
  async compile(format: ResponseFormat, signal?: AbortSignal): Promise<CompiledForm> {
    return (await this.#queue.ask({ kind: 'compile', format }, signal)).form
  }

  /** Rejects all that wait with `closed`, at once; resolves when the thread has ended. */
  close(): Promise<void> {
    return this.#queue.close()
  }
}

function startWorker(payload: Omit<FormWorkerPayload, 'port'>): TaskWorker {
  return startTaskWorker('form worker', new URL('../engine/form-worker.js', import.meta.url), payload)
}
