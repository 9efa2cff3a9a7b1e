// What the caller thread and the conductor say to each other over their MessagePort. Plain data only.

import type { MeterFigures } from './conductor/meter.ts'
import type { CompiledForm } from './constraint/compiled-form.ts'
import type { TokenId } from './domain.ts'
import type { ErrorCode } from './errors.ts'
import type { KeptStats } from './public/info.ts'
import type { Speculation } from './public/speculation.ts'
import type { SamplingParameters } from './sampling/parameters.ts'
import type { TokenBytes } from './sampling/stop-strings.ts'
import type { DraftFigures, FinishReason, GenerateWork, RequestId, SessionId, Standing } from './scheduler/events.ts'
import type { AutoReport } from './speculation/auto/autopilot.ts'
import type { PlainStep } from './speculation/auto/plain-times.ts'
import type { MeasuredShape } from './speculation/costs/cost-shape.ts'

/** A generation: the scheduler's work, and how its tokens are drawn and what ends them. */
export interface GenerateRequest extends Omit<GenerateWork, 'head'> {
  readonly prompt: Int32Array
  readonly parameters: SamplingParameters
  /** Tokens that end a choice and are not part of it. */
  readonly stopTokens: readonly number[]
  /** Byte strings that end a choice as soon as its text contains one. */
  readonly stopStrings: readonly Uint8Array[]
  /** What every choice has to be. */
  readonly constraint?: CompiledForm
}

export interface ScoreRequest extends Standing {
  readonly kind: 'score'
  readonly prompt: Int32Array
  readonly from: number
  /** Best tokens reported per position. */
  readonly top: number
}

export interface EmbedRequest extends Standing {
  readonly kind: 'embed'
  readonly prompt: Int32Array
  /** First of the positions whose embeddings are averaged: up to the last. */
  readonly from: number
  /** Elements of an embedding. */
  readonly width: number
}

/** Read what a session keeps, or bring a text back for it: see conductor/transfers.ts. Both are answered with `opened`. */
export type TransferRequest =
  | { readonly kind: 'hold'; readonly session: SessionId }
  | { readonly kind: 'restore'; readonly session: SessionId; readonly tokens: Int32Array }

export type TransferStep =
  /** The next bytes of the image, answered with `bytes` or `written`. */
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  /** The end of a transfer, which an abort has not. */
  | { readonly kind: 'settle' }

/** A request as its caller states it: the engine numbers it. */
export type EngineRequest = GenerateRequest | ScoreRequest | EmbedRequest

/** Said of the request with this number. */
export type Numbered<Message> = Message & { readonly request: RequestId }

export type ToConductor =
  | Numbered<EngineRequest | TransferRequest | TransferStep | { readonly kind: 'abort' }>
  /** The session is over. */
  | { readonly kind: 'forget'; readonly session: SessionId }
  /** Once, before the first request with stop strings or a constraint. */
  | { readonly kind: 'tokenBytes'; readonly tokenBytes: TokenBytes }

/** The distribution after one position of a scored text. */
export interface ScoreRow {
  readonly position: number
  /** Best token ids and their logits, best first. */
  readonly ids: Int32Array
  readonly logits: Float32Array
  readonly logsumexp: number
  /** Logit of the token that follows in the text; NaN after the last. */
  readonly nextLogit: number
}

/** Figures of one request, taken in the conductor. Times are milliseconds since the epoch. */
export interface RequestFigures {
  readonly submittedMs: number
  readonly firstTokenMs: number
  readonly lastTokenMs: number
  readonly endedMs: number
  readonly tokens: number
  /** Prompt tokens that were in KV cells already. */
  readonly reused: number
  /** Gaps between consecutive tokens of a choice, ascending. */
  readonly gapsMs: Float64Array
  readonly drafts: DraftFigures
  /** The pipeline from the submission to the last token, and from the first token on. */
  readonly whole: MeterFigures
  readonly decode: MeterFigures
  /** Microseconds from the cancellation of a micro-batch to the end of a stage's work on it, ascending. */
  readonly stopsUs: Float64Array
  /** Of policy `auto`. */
  readonly auto: AutoReport | undefined
  readonly policy: Speculation
  readonly drafter: string | null
  /** Microseconds the drafter computed from the first token on; of a model's stages the mean. */
  readonly drafterUs: number
  /** What plain decoding of the choices takes per step. */
  readonly plain: PlainStep | undefined
}

/** A token is final. */
export interface TokenEvent {
  readonly kind: 'token'
  readonly choice: number
  readonly token: TokenId
}

/** What a transfer produces; `settled` is the last. */
export type TransferAnswer =
  /** The transfer of these tokens may begin. */
  | { readonly kind: 'opened'; readonly tokens: Int32Array }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'written' }
  | { readonly kind: 'settled' }

/** What a request produces, in order: the same from the conductor to whoever asked. */
export type EngineEvent =
  | TokenEvent
  | { readonly kind: 'score'; readonly row: ScoreRow }
  /** The mean over the positions of an `embed` request. */
  | { readonly kind: 'embedding'; readonly values: Float32Array }
  | { readonly kind: 'finish'; readonly choice: number; readonly reason: FinishReason }
  /** The last, but for transfers. */
  | { readonly kind: 'done'; readonly figures: RequestFigures }
  | TransferAnswer

export type FromConductor =
  /** All threads have loaded; what micro-batches were measured to take, if they were. */
  | { readonly kind: 'ready'; readonly measured: MeasuredShape | undefined }
  /** News of the texts that are kept. */
  | { readonly kind: 'kept'; readonly figures: KeptStats }
  | Numbered<EngineEvent | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }>
