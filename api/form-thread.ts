// The thread that compiles response formats, for the requests of one model. It is started for the first of them and stays.
import { MessageChannel } from 'node:worker_threads'
import {
  type CompiledForm,
  type FormAnswer,
  type FormQuestion,
  type ResponseFormat,
  startResidents,
  type TokenBytes,
} from '../engine/index.ts'
import { type TaskNews, TaskQueue, type TaskWorker } from './task-queue.ts'

const NO_NEWS: TaskNews<undefined> = { onReady() {}, onUnready() {}, onNotice() {} }

export class FormThread {
  readonly #queue: TaskQueue<FormQuestion, FormAnswer, undefined>

  /** `specials`: tokens that are never part of a constrained text. */
  constructor(tokenBytes: TokenBytes, specials: Int32Array) {
    this.#queue = new TaskQueue(() => startWorker(tokenBytes, specials), 'once used', NO_NEWS)
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

function startWorker(tokenBytes: TokenBytes, specials: Int32Array): TaskWorker {
  const { port1, port2 } = new MessageChannel()
  const entry = new URL('../engine/form-worker.js', import.meta.url)
  const payloadAndPort = { tokenBytes, specials, port: port2 }
  const resident = { name: 'form worker', entry, payload: payloadAndPort, isBackground: true, transfer: [port2] }
  const { died, close } = startResidents([resident])
  return { port: port1, died, end: () => close(0) }
}
