// The caller's side of the engine: sends requests to the conductor and hands out what comes back. Never blocks: it only
// posts messages and listens. Knows token ids, not text.
import { abortedError, onAbort } from './abort-signals.ts'
import { TsinferError } from './errors.ts'
import type { PreparedModel } from './load/prepare.ts'
import { type EngineThreads, startThreads, type ThreadOptions } from './load/threads.ts'
import type {
  EngineEvent,
  EngineRequest,
  FromConductor,
  ToConductor,
  TransferRequest,
  TransferStep,
} from './messages.ts'
import type { KernelModule } from './model/kernels.ts'
import { CLOSING, DEAD, endPipeline, PROGRESS_BYTES } from './pipeline/control.ts'
import { ringBell } from './pipeline/doorbell.ts'
import type { ResidentFault } from './pipeline/fault.ts'
import type { EngineStats, KeptStats } from './public/info.ts'
import { type RequestSink, RequestStream } from './request-stream.ts'
import type { TokenBytes } from './sampling/stop-strings.ts'
import type { RequestId, SessionId } from './scheduler/events.ts'
import type { MeasuredShape } from './speculation/costs/cost-shape.ts'

/** K and V on their way to the caller or back. Leaving `answers` early gives it up. */
export interface TransferStream {
  readonly answers: RequestStream<EngineEvent>
  /** Asks for the next answer; `bytes` of a `write` are gone afterwards. */
  post(step: TransferStep): void
}

interface OpenRequest {
  readonly sink: RequestSink<EngineEvent>
  readonly isGeneration: boolean
  readonly forgetSignal: () => void
}

/** After one of these a request is over. */
const LAST: ReadonlySet<FromConductor['kind']> = new Set(['done', 'failed', 'settled'])
/** Time residents get to return by themselves when the engine closes. */
const CLOSE_GRACE_MS = 2000
/** How often loading progress is looked at. */
const PROGRESS_INTERVAL_MS = 40

export interface StartOptions extends ThreadOptions {
  /** Called with the loaded fraction of the weights. */
  readonly onProgress?: ((fraction: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export class Engine {
  readonly #threads: EngineThreads
  readonly #live = new Map<RequestId, OpenRequest>()
  readonly #ready: Promise<MeasuredShape | undefined>
  #reportReady: { resolve: (measured: MeasuredShape | undefined) => void; reject: (error: unknown) => void } | undefined
  #costs: MeasuredShape | undefined
  #nextRequest: RequestId = 1
  #nextSession: SessionId = 1
  #ended: TsinferError | undefined
  #kept: KeptStats = { texts: 0, tokens: 0, hits: 0, reusedTokens: 0, evictions: 0 }
  readonly #generated = { requests: 0, requestsLive: 0, promptTokens: 0, tokens: 0 }

  private constructor(threads: EngineThreads) {
    this.#threads = threads
    this.#ready = new Promise((resolve, reject) => {
      this.#reportReady = { resolve, reject }
    })
    threads.port.on('message', (batch: FromConductor[]) => this.#receive(batch))
    threads.residents.died.then((fault) => this.#die(fault))
  }

  /**
   * Starts the threads, with those of a draft model if there is one, and waits until all weights are loaded.
   * Frees everything where that fails.
   * @throws TsinferError `out_of_memory`, `aborted`, `thread_died`, or what is wrong with the files; what `onProgress` throws
   */
  static async start(model: PreparedModel, module: KernelModule, options: StartOptions = {}): Promise<Engine> {
    const { draft, onProgress, signal } = options
    const engine = new Engine(startThreads(model, module, options))
    const bytes = model.fileBytes + (draft?.fileBytes ?? 0)
    const tell = () => {
      try {
        onProgress?.(engine.#progress(bytes))
      } catch (error) {
        engine.#reportReady?.reject(error)
      }
    }
    const timer = onProgress && setInterval(tell, PROGRESS_INTERVAL_MS)
    const forgetSignal = onAbort(signal, () => engine.#reportReady?.reject(abortedError('loading', signal)))
    try {
      engine.#costs = await engine.#ready
      onProgress?.(1)
      return engine
    } catch (error) {
      await engine.close()
      throw error
    } finally {
      clearInterval(timer)
      forgetSignal()
    }
  }

  /**
   * Sends a request. The stream ends with a `done` event; it throws `aborted` once `signal` fires, `thread_died` or
   * `closed` when the engine ends. Leaving the stream early aborts the request.
   */
  request(request: EngineRequest, signal?: AbortSignal): RequestStream<EngineEvent> {
    const { stream } = this.#stream(request, signal)
    return stream
  }

  /** As `request`, but what the request produces is told to `sink` as it comes. Its prompt is copied, here alone. */
  send(request: EngineRequest, sink: RequestSink<EngineEvent>, signal?: AbortSignal): void {
    this.#send(this.#nextRequest++, request, sink, signal)
  }

  /** Begins to read or to bring back what a session keeps; the first answer is `opened`. */
  transfer(request: TransferRequest): TransferStream {
    const { id, stream } = this.#stream(request)
    return { answers: stream, post: (step) => this.#post({ ...step, request: id }) }
  }

  /** A new session, for requests to name. It keeps KV cells until it is forgotten or somebody else needs them. */
  openSession(): SessionId {
    return this.#nextSession++
  }

  forgetSession(session: SessionId): void {
    if (!this.#ended) this.#post({ kind: 'forget', session })
  }

  /** Gives the conductor the bytes of every token, which requests with stop strings or a constraint need. */
  setTokenBytes(tokenBytes: TokenBytes): void {
    this.#post({ kind: 'tokenBytes', tokenBytes })
  }

  /** What micro-batches take, where that was measured at the start. */
  get measuredCosts(): MeasuredShape | undefined {
    return this.#costs
  }

  /** Of all generations since the start, and of what is kept. */
  get totals(): Omit<EngineStats, 'kvCells'> {
    return { ...this.#generated, kept: this.#kept }
  }

  /** Ends all requests with `closed` and all threads. Safe to call again. */
  async close(): Promise<void> {
    this.#end(new TsinferError('closed', 'the model was closed'), CLOSING)
    await this.#threads.residents.close(CLOSE_GRACE_MS)
  }

  #progress(fileBytes: number): number {
    const { control, words } = this.#threads
    return Math.min(1, (Atomics.load(control, words.progress) * PROGRESS_BYTES) / fileBytes)
  }

  #stream(request: EngineRequest | TransferRequest, signal?: AbortSignal) {
    const id = this.#nextRequest++
    const stream = new RequestStream<EngineEvent>(() => this.#abort(id))
    this.#send(id, request, stream, signal)
    return { id, stream }
  }

  #send(
    id: RequestId,
    request: EngineRequest | TransferRequest,
    sink: RequestSink<EngineEvent>,
    signal: AbortSignal | undefined,
  ): void {
    if (this.#ended) return sink.fail(this.#ended)
    if (signal?.aborted) return sink.fail(abortedError('the request', signal))
    const isGeneration = request.kind === 'generate'
    try {
      const promptTokens = isGeneration ? request.prompt.length : 0
      this.#post({ ...request, request: id })
      this.#generated.promptTokens += promptTokens
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      return sink.fail(new TsinferError('option_invalid', `request: expected plain data, found ${why}`, { cause }))
    }
    const forgetSignal = onAbort(signal, () => {
      sink.fail(abortedError('the request', signal))
      this.#abort(id)
    })
    if (isGeneration) {
      this.#generated.requests++
      this.#generated.requestsLive++
    }
    this.#live.set(id, { sink, isGeneration, forgetSignal })
  }

  #post(message: ToConductor): void {
    const { control, words, port } = this.#threads
    port.postMessage(message, message.kind === 'write' ? [message.bytes.buffer as ArrayBuffer] : [])
    ringBell(control, words.conductorBell)
  }

  #abort(request: RequestId): void {
    if (this.#forget(request)) this.#post({ kind: 'abort', request })
  }

  #forget(request: RequestId): boolean {
    const live = this.#live.get(request)
    if (live?.isGeneration) this.#generated.requestsLive--
    live?.forgetSignal()
    return this.#live.delete(request)
  }

  #receive(batch: readonly FromConductor[]): void {
    const { control, words } = this.#threads
    Atomics.store(control, words.inbox, 0)
    for (const message of batch) {
      if (message.kind === 'ready') this.#reportReady?.resolve(message.measured)
      else if (message.kind === 'kept') this.#kept = message.figures
      else this.#deliver(message)
    }
  }

  #deliver(message: Exclude<FromConductor, { kind: 'ready' | 'kept' }>): void {
    const live = this.#live.get(message.request)
    if (!live) return
    if (message.kind === 'token') this.#generated.tokens++
    if (message.kind === 'failed') live.sink.fail(new TsinferError(message.code, message.message))
    else live.sink.push(message)
    if (!LAST.has(message.kind)) return
    this.#forget(message.request)
    live.sink.finish()
  }

  #die({ code, message }: ResidentFault): void {
    this.#end(new TsinferError(code, message), DEAD)
    void this.#threads.residents.close(0)
  }

  #end(error: TsinferError, state: typeof CLOSING | typeof DEAD): void {
    if (this.#ended) return
    this.#ended = error
    const { control, words, draftWords, port } = this.#threads
    endPipeline(control, words, state)
    if (draftWords) endPipeline(control, draftWords, state)
    port.close()
    this.#reportReady?.reject(error)
    for (const [request, { sink }] of this.#live) {
      sink.fail(error)
      this.#forget(request)
    }
  }
}
