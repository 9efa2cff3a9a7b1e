// The caller's side of the text worker: a promise per request over one MessagePort.
import type { MessagePort } from 'node:worker_threads'
import { TsinferError } from '../engine/errors.ts'
import type { ChatRequest } from './chat-prompt.ts'
import type { FromTextWorker, TextFacts, ToTextWorker } from './text-messages.ts'
import type { EncodeOptions } from './tokenizer.ts'

/** Module to start as a resident thread, with a `TextWorkerPayload`. */
export const TEXT_WORKER_ENTRY = new URL('./text-worker.js', import.meta.url)

/** A conversation as its template writes it, and its ids. */
export interface PromptedChat {
  readonly text: string
  readonly ids: Int32Array
}

interface Waiting {
  resolve(answer: PromptedChat): void
  reject(error: TsinferError): void
}

export class TextClient {
  /** What the worker says once it has read the vocabulary; rejects with its error where it cannot. */
  readonly ready: Promise<TextFacts>
  private readonly port: MessagePort
  private readonly waiting = new Map<number, Waiting>()
  private settle: { resolve(facts: TextFacts): void; reject(error: TsinferError): void }
  private lastId = 0
  private fault: TsinferError | undefined
  private readonly onNotice: (notice: string) => void
  /** Notices are about the model or its use, so each is said once. */
  private readonly said = new Set<string>()

  /**
   * `port` is the other end of the one in the worker's payload. Keeps the process alive until `close` or `fail`.
   * `onNotice` gets the worker's notices; those about the vocabulary before `ready` resolves.
   */
  constructor(port: MessagePort, onNotice: (notice: string) => void = () => {}) {
    this.port = port
    this.onNotice = onNotice
    const { promise, ...settle } = deferred<TextFacts>()
    this.ready = promise
    this.settle = settle
    // Whoever waits for `ready` sees the error; nobody has to.
    promise.catch(() => {})
    port.on('message', (message: FromTextWorker) => this.receive(message))
    port.on('close', () => this.fail(new TsinferError('thread_died', 'text worker: ended early')))
  }

  /** Ids of `text`, in the order of the calls. Rejects with `closed` or `thread_died` where the worker is gone. */
  async encode(text: string, options: EncodeOptions): Promise<Int32Array> {
    const { ids } = await this.ask((id) => ({ kind: 'encode', id, text, options }))
    return ids
  }

  /** The prompt of a conversation. Rejects like `encode`, and with what `ChatPrompter` throws. */
  prompt(request: ChatRequest): Promise<PromptedChat> {
    return this.ask((id) => ({ kind: 'chat', id, request }))
  }

  private ask(question: (id: number) => ToTextWorker): Promise<PromptedChat> {
    if (this.fault !== undefined) return Promise.reject(this.fault)
    const id = ++this.lastId
    const { promise, resolve, reject } = deferred<PromptedChat>()
    this.waiting.set(id, { resolve, reject })
    try {
      this.send(question(id))
    } catch (cause) {
      this.waiting.delete(id)
      const why = cause instanceof Error ? cause.message : String(cause)
      reject(new TsinferError('prompt_invalid', `messages: expected plain data, found ${why}`, { cause }))
    }
    return promise
  }

  /** Tells the worker to end. What is still waiting is rejected. */
  close(): void {
    if (this.fault === undefined) this.send({ kind: 'close' })
    this.fail(new TsinferError('closed', 'the model is closed'))
  }

  /** Rejects everything that waits, now and from now on: the worker is gone. The first reason counts. */
  fail(error: TsinferError): void {
    if (this.fault !== undefined) return
    this.fault = error
    this.settle.reject(error)
    for (const { reject } of this.waiting.values()) reject(error)
    this.waiting.clear()
    this.port.close()
  }

  private send(message: ToTextWorker): void {
    this.port.postMessage(message)
  }

  private notice(notice: string): void {
    if (this.said.has(notice)) return
    this.said.add(notice)
    this.onNotice(notice)
  }

  private receive(message: FromTextWorker): void {
    if (message.kind === 'ready') this.settle.resolve(message.facts)
    else if (message.kind === 'notice') this.notice(message.notice)
    else if (message.kind === 'failed') this.fail(new TsinferError(message.code, message.message))
    else {
      const waiting = this.waiting.get(message.id)
      this.waiting.delete(message.id)
      if (message.kind === 'encoded') waiting?.resolve({ ids: message.ids, text: '' })
      else if (message.kind === 'prompted') waiting?.resolve(message)
      else waiting?.reject(new TsinferError(message.code, message.message))
    }
  }
}

function deferred<Value>() {
  let resolve!: (value: Value) => void
  let reject!: (error: TsinferError) => void
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
