// The caller's side of the engine: starts the threads of a planned model, sends requests to the conductor and hands
// out what comes back. Never blocks: it only posts messages and listens. Knows token ids, not text.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { abortedError, onAbort } from './abort-signals.ts'
import type { ConductorPayload } from './conductor/conductor.ts'
import { TsinferError } from './errors.ts'
import type { PreparedModel } from './load/prepare.ts'
import type { FromConductor, RequestFigures, ScoreRow, ToConductor, TokenBytes } from './messages.ts'
import type { KernelModule } from './model/kernels.ts'
import {
  CLOSING,
  type ControlLayout,
  controlLayout,
  createControl,
  DEAD,
  endPipeline,
  PROGRESS_BYTES,
} from './pipeline/control.ts'
import { ringBell } from './pipeline/doorbell.ts'
import type { ResidentFault } from './pipeline/fault.ts'
import { type Resident, type Residents, startResidents } from './pipeline/pool.ts'
import type { PipelinePart } from './pipeline/shared-pipeline.ts'
import type { StagePayload } from './pipeline/stage-worker.ts'
import { RequestStream } from './request-stream.ts'
import type { FinishReason, RequestId, SessionId } from './scheduler/events.ts'
import type { LaneRings, TraceRings } from './trace/trace-rings.ts'

/** What a request produces, in order. */
export type EngineEvent =
  | { readonly kind: 'token'; readonly choice: number; readonly token: number }
  | { readonly kind: 'score'; readonly row: ScoreRow }
  | { readonly kind: 'embedding'; readonly values: Float32Array }
  | { readonly kind: 'finish'; readonly choice: number; readonly reason: FinishReason }
  /** The last, but for transfers. */
  | { readonly kind: 'done'; readonly figures: RequestFigures }
  | Unnumbered<TransferAnswer>

/** What a transfer produces; `settled` is the last. */
export type TransferAnswer = Extract<FromConductor, { kind: 'opened' | 'bytes' | 'written' | 'settled' }>

type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never
type TransferRequest = Unnumbered<Extract<ToConductor, { kind: 'hold' | 'restore' }>>

/** A transfer of K and V under way. Leaving `answers` early gives it up. */
export interface Transfer {
  readonly answers: RequestStream<EngineEvent>
  /** Asks for the next answer; `bytes` of a `write` are gone afterwards. */
  post(message: Unnumbered<Extract<ToConductor, { kind: 'read' | 'write' | 'settle' }>>): void
}

/** A request as the caller states it; the engine numbers it. */
export type EngineRequest = Unnumbered<Extract<ToConductor, { kind: 'generate' | 'score' | 'embed' }>>

interface LiveStream {
  readonly stream: RequestStream<EngineEvent>
  readonly forgetSignal: () => void
}

/** After one of these a request is over. */
const LAST: ReadonlySet<FromConductor['kind']> = new Set(['done', 'failed', 'settled'])
/** Time residents get to return by themselves when the engine closes. */
const CLOSE_GRACE_MS = 2000
/** How often loading progress is looked at. */
const PROGRESS_INTERVAL_MS = 40

export interface StartOptions {
  /** A model that drafts for the other. */
  readonly draft?: PreparedModel | undefined
  /** Called with the loaded fraction of the weights. */
  readonly onProgress?: ((fraction: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Where a trace goes; readable when the engine has been closed. */
  readonly trace?: TraceRings | undefined
}

export class Engine {
  readonly #control: Int32Array<SharedArrayBuffer>
  readonly #layout: ControlLayout
  readonly #draftLayout: ControlLayout | undefined
  readonly #port: MessagePort
  readonly #residents: Residents
  readonly #live = new Map<RequestId, LiveStream>()
  readonly #ready: Promise<void>
  #reportReady: { resolve: () => void; reject: (error: unknown) => void } | undefined
  #nextRequest: RequestId = 1
  #nextSession: SessionId = 1
  #ended: TsinferError | undefined

  private constructor(model: PreparedModel, module: KernelModule, { draft, trace }: StartOptions) {
    this.#layout = controlLayout(model.plan.stages.length)
    this.#draftLayout = draft && controlLayout(draft.plan.stages.length, this.#layout)
    this.#control = createControl(this.#draftLayout ?? this.#layout)
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    this.#ready = new Promise((resolve, reject) => {
      this.#reportReady = { resolve, reject }
    })
    port1.on('message', (batch: FromConductor[]) => this.#receive(batch))
    const pipeline = pipelineResidents(model, this.#control, this.#layout, module, '', trace?.target)
    const drafting =
      draft &&
      this.#draftLayout &&
      pipelineResidents(draft, this.#control, this.#draftLayout, module, 'draft ', trace?.draft)
    this.#residents = startResidents([
      conductorResident(this.#control, pipeline.part, drafting?.part, port2, trace?.conductor),
      ...pipeline.lanes,
      ...(drafting?.lanes ?? []),
    ])
    this.#residents.died.then((fault) => this.#die(fault))
  }

  /**
   * Starts the threads, with those of a draft model if there is one, and waits until all weights are loaded.
   * Frees everything where that fails.
   * @throws TsinferError `out_of_memory`, `aborted`, `thread_died`, or what is wrong with the files; what `onProgress` throws
   */
  static async start(model: PreparedModel, module: KernelModule, options: StartOptions = {}): Promise<Engine> {
    const { draft, onProgress, signal } = options
    const engine = new Engine(model, module, options)
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
      await engine.#ready
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
  request(request: EngineRequest | TransferRequest, signal?: AbortSignal): RequestStream<EngineEvent> {
    const id = this.#nextRequest++
    const stream = new RequestStream<EngineEvent>(() => this.#abort(id))
    if (this.#ended) {
      stream.fail(this.#ended)
      return stream
    }
    if (signal?.aborted) {
      stream.fail(abortedError('the request', signal))
      return stream
    }
    try {
      this.#post({ ...request, request: id } as ToConductor)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      stream.fail(new TsinferError('option_invalid', `request: expected plain data, found ${why}`, { cause }))
      return stream
    }
    const forgetSignal = onAbort(signal, () => {
      stream.fail(abortedError('the request', signal))
      this.#abort(id)
    })
    this.#live.set(id, { stream, forgetSignal })
    return stream
  }

  /** Begins to read or to bring back what a session keeps; the first answer is `opened`. */
  transfer(request: TransferRequest): Transfer {
    const id = this.#nextRequest
    const answers = this.request(request)
    return { answers, post: (message) => this.#post({ ...message, request: id }) }
  }

  /** A new session, for requests to name. It keeps KV cells until it is forgotten or somebody else needs them. */
  openSession(): SessionId {
    return this.#nextSession++
  }

  forgetSession(session: SessionId): void {
    if (!this.#ended) this.#post({ kind: 'forget', session })
  }

  /**
   * Gives the conductor the bytes of every token, which requests with stop strings or a constraint need. `specials`:
   * tokens that are never part of a constrained text.
   */
  setTokenBytes(tokenBytes: TokenBytes, specials: Int32Array): void {
    this.#post({ kind: 'tokenBytes', tokenBytes, specials })
  }

  /** Ends all requests with `closed` and all threads. Safe to call again. */
  async close(): Promise<void> {
    this.#end(new TsinferError('closed', 'the model was closed'), CLOSING)
    await this.#residents.close(CLOSE_GRACE_MS)
  }

  #progress(fileBytes: number): number {
    return Math.min(1, (Atomics.load(this.#control, this.#layout.progress) * PROGRESS_BYTES) / fileBytes)
  }

  #post(message: ToConductor): void {
    this.#port.postMessage(message, message.kind === 'write' ? [message.bytes.buffer as ArrayBuffer] : [])
    ringBell(this.#control, this.#layout.conductorBell)
  }

  #abort(request: RequestId): void {
    if (this.#forget(request)) this.#post({ kind: 'abort', request })
  }

  #forget(request: RequestId): boolean {
    this.#live.get(request)?.forgetSignal()
    return this.#live.delete(request)
  }

  #receive(batch: readonly FromConductor[]): void {
    Atomics.store(this.#control, this.#layout.inbox, 0)
    for (const message of batch) {
      if (message.kind === 'ready') this.#reportReady?.resolve()
      else this.#deliver(message)
    }
  }

  #deliver(message: Exclude<FromConductor, { kind: 'ready' }>): void {
    const stream = this.#live.get(message.request)?.stream
    if (message.kind === 'failed') stream?.fail(new TsinferError(message.code, message.message))
    else stream?.push(message)
    if (!LAST.has(message.kind)) return
    this.#forget(message.request)
    stream?.finish()
  }

  #die({ code, message }: ResidentFault): void {
    this.#end(new TsinferError(code, message), DEAD)
    void this.#residents.close(0)
  }

  #end(error: TsinferError, state: typeof CLOSING | typeof DEAD): void {
    if (this.#ended) return
    this.#ended = error
    endPipeline(this.#control, this.#layout, state)
    if (this.#draftLayout) endPipeline(this.#control, this.#draftLayout, state)
    this.#port.close()
    this.#reportReady?.reject(error)
    for (const [request, { stream }] of this.#live) {
      stream.fail(error)
      this.#forget(request)
    }
  }
}

const entry = (module: string): URL => new URL(module, import.meta.url)

function conductorResident(
  control: Int32Array<SharedArrayBuffer>,
  target: PipelinePart,
  draft: PipelinePart | undefined,
  port: MessagePort,
  trace: SharedArrayBuffer | undefined,
): Resident {
  const payload: ConductorPayload = { control, target, draft, port, trace }
  const lanePorts = [target, draft].flatMap((part) => part?.lanePorts.flat() ?? [])
  return { name: 'conductor', entry: entry('./conductor/conductor.js'), payload, transfer: [port, ...lanePorts] }
}

/** The lanes of a pipeline, and what the conductor knows of it. */
export function pipelineResidents(
  model: PreparedModel,
  control: Int32Array<SharedArrayBuffer>,
  words: ControlLayout,
  module: KernelModule,
  prefix: string,
  trace: LaneRings | undefined,
): { readonly part: PipelinePart; readonly lanes: readonly Resident[] } {
  const { plan, config } = model
  const { stages, sizes, spins } = plan
  const lanes: Resident[] = []
  const lanePorts = stages.map((layout, stage) =>
    Array.from({ length: sizes.lanes }, (_, lane): MessagePort => {
      const { port1, port2 } = new MessageChannel()
      const name = `${prefix}stage ${stage} lane ${lane}`
      const payload: StagePayload = {
        control,
        words,
        name,
        stage,
        lane,
        lanes: sizes.lanes,
        config,
        layout,
        nextLayout: stages[stage + 1],
        spins,
        module,
        memoryPort: port2,
        shards: model.file.shards,
        ropes: model.ropes,
        forward: model.forward ?? { href: entry('./model/weights-forward.js').href, settings: undefined },
        trace: trace?.[stage]?.[lane],
      }
      const imports = [payload.forward.href]
      lanes.push({ name, entry: entry('./pipeline/stage-worker.js'), payload, imports, transfer: [port2] })
      return port1
    }),
  )
  return { part: { words, plan, vocabularySize: config.vocabularySize, lanePorts }, lanes }
}
