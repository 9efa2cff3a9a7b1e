// What goes into the scheduler and what comes out. The scheduler is sans-IO: `handle(event)`, then `poll()` until
// IDLE. Everything here is integers; the driver (conductor.ts) turns actions into ring writes, mask stores, sampler
// calls and messages.
import type {
  CellIndex,
  ClientId,
  MicroBatchNumber,
  PipelineAction,
  Position,
  Priority,
  RequestId,
  TokenId,
} from '../domain.ts'
import type { Guess } from '../speculation/guess.ts'
import type { DraftParameters } from '../speculation/parameters.ts'
import type { Question, QuestionNumber } from '../speculation/question.ts'

export type { RequestId } from '../domain.ts'
export type FinishReason = 'stop' | 'length' | 'aborted'
/** Names a session: a text that stays in its KV cells between requests. Chosen by the caller, never reused. */
export type SessionId = number
/** Names a node of a live text. Chosen by the driver, not reused within the text. */
export type NodeId = number

/** Whom work is for, and whether somebody waits for it. */
export interface Standing {
  /** Absent: 0. Texts in cells are shared between the requests of one client only. */
  readonly client?: ClientId
  /** The text may be shared by all clients. */
  readonly isPublic?: boolean
  /** Absent: `interactive`. */
  readonly priority?: Priority
}

/** Generate `choices` continuations of a prompt. */
export interface GenerateWork extends Standing {
  readonly kind: 'generate'
  /** At least one token; not changed while the request lives. */
  readonly prompt: ArrayLike<TokenId>
  readonly choices: number
  /** Most tokens generated per choice. */
  readonly tokensMax: number
  /** What the sampler needs from the last stage. */
  readonly head: 'best' | 'top'
  /** How to speculate; absent for plain decoding. */
  readonly draft?: DraftParameters
  /**
   * The session whose text this one goes on from, as far as both are the same, and which keeps this one's text in its
   * place: of several choices that of the one that ends last. Absent: nothing is reused or kept.
   */
  readonly session?: SessionId
  /** False: it shares no cells with others; with what its session keeps it does. */
  readonly cachePrompt?: boolean
}

/** Teacher-forced: evaluate the tokens and report on every position from `from` on: the distribution, or its embedding. */
export interface ScoreWork extends Standing {
  readonly kind: 'score'
  readonly prompt: ArrayLike<TokenId>
  readonly from: Position
  readonly head: 'scored' | 'embedding'
}

/** Give a session a text whose K and V the driver writes: no row is evaluated. It gets a `transfer` and nothing else. */
export interface RestoreWork extends Standing {
  readonly kind: 'restore'
  /** At least one token. */
  readonly prompt: ArrayLike<TokenId>
  readonly session: SessionId
}

/**
 * A live text: `extend`, `commit` and `prune` change it until an `abort` ends it. It takes up room for `lengthMax` tokens;
 * where there is none now, it is `done` at once. A request that needs its room ends it, which `finish` tells; what is said
 * of a text that has ended is ignored.
 */
export interface TextWork {
  readonly kind: 'text'
  readonly lengthMax: Position
}

export type Work = GenerateWork | ScoreWork | RestoreWork | TextWork

/**
 * `atUs`: when it happened, in microseconds from anywhere, never going back; policy `auto` learns from it, and deadlines are
 * reckoned from it.
 */
export type SchedulerEvent = { readonly atUs?: number } & (
  | { readonly kind: 'request'; readonly request: RequestId; readonly work: Work }
  /** Let the driver read the cells of what the session keeps, nothing perhaps: a `transfer` follows. */
  | { readonly kind: 'hold'; readonly request: RequestId; readonly session: SessionId }
  /**
   * The driver has read or written all cells of a transfer: the session keeps them. An `abort` ends one that failed.
   */
  | { readonly kind: 'settled'; readonly request: RequestId }
  /** The user stops a request, or the driver does because of a fault. One that has ended already is left alone. */
  | { readonly kind: 'abort'; readonly request: RequestId }
  /** The session is over: it keeps nothing, and what its requests under way leave behind is not kept either. */
  | { readonly kind: 'forget'; readonly session: SessionId }
  /**
   * Tokens follow `parent` in a live text, or are its beginning where there is none: a new node. What follows the last
   * of them is told by `read`. A node has one continuation: another one is pruned first.
   */
  | {
      readonly kind: 'extend'
      readonly request: RequestId
      readonly node: NodeId
      readonly parent: NodeId | undefined
      readonly tokens: readonly TokenId[]
    }
  /** A live text is certain up to the end of this node. */
  | { readonly kind: 'commit'; readonly request: RequestId; readonly node: NodeId }
  /** The node and what follows it are not the text. It was not committed. */
  | { readonly kind: 'prune'; readonly request: RequestId; readonly node: NodeId }
  /**
   * The oldest micro-batch in flight has left the pipeline. `faults` has a bit for every group with a row whose K or V
   * did not fit its KV type; none when absent. Drain `poll` before the next one.
   */
  | { readonly kind: 'returned'; readonly number: MicroBatchNumber; readonly faults?: number }
  /** The first stage is done with this micro-batch and all before it. News in good time; a return says the same. */
  | { readonly kind: 'passed'; readonly number: MicroBatchNumber }
  /**
   * Answer to an `ask` action, at any time; empty when the drafter has no guess. One to a question that was withdrawn
   * is ignored.
   */
  | { readonly kind: 'answered'; readonly question: QuestionNumber; readonly guesses: readonly Guess[] }
  /** Answer to a `judge` or `draw` action: the target's token for that row, and whether it ends the text. */
  | { readonly kind: 'token'; readonly token: TokenId; readonly stop: boolean }
  /** Answer to a `judge` that may be deferred: the token takes time. The driver keeps what the row says, until `draw`. */
  | { readonly kind: 'deferred' }
  /** A token that was deferred can be drawn: `draw` follows, unless the choice has ended or pauses. */
  | { readonly kind: 'drawable'; readonly request: RequestId; readonly choice: number }
  /** Answer to a `score` or `read` action. */
  | { readonly kind: 'scored' }
  /** The time of a `wake` has come, or any other. */
  | { readonly kind: 'tick' }
)

export type SchedulerAction =
  | PipelineAction
  /**
   * Sample from row `row` of the returned micro-batch. The driver answers with `token` before it polls again, or with
   * the request's `abort` when the row has no usable result.
   */
  | {
      readonly kind: 'judge'
      readonly request: RequestId
      readonly choice: number
      readonly row: number
      /** Position the sampled token will have. */
      readonly position: Position
      /** `deferred` is an answer: no draft waits for the token. */
      readonly mayDefer: boolean
    }
  /** Sample the token that was deferred, from what the driver has kept; answered like `judge`. */
  | { readonly kind: 'draw'; readonly request: RequestId; readonly choice: number; readonly position: Position }
  /** Report what row `row` of the returned micro-batch says of `position`; answered like `judge`, with `scored`. */
  | { readonly kind: 'score'; readonly request: RequestId; readonly row: number; readonly position: Position }
  /** Row `row` of the returned micro-batch says what follows a node of a live text; answered like `judge`, with `scored`. */
  | { readonly kind: 'read'; readonly request: RequestId; readonly node: NodeId; readonly row: number }
  /**
   * A row of this request came back with a fault, a certain one or a guess that was right; the driver aborts the request. Its
   * text so far is good.
   */
  | { readonly kind: 'fault'; readonly request: RequestId }
  /**
   * Ask the drafter. Every question is answered with `answered` unless it is withdrawn; nothing waits for the answer,
   * except a `sync` sequence for its own.
   */
  | ({ readonly kind: 'ask' } & Question)
  /** The answer to this question is of no use any more. */
  | { readonly kind: 'withdraw'; readonly question: QuestionNumber }
  /** These cells, one per token, are the driver's to read or to write until `settled` or `abort`. */
  | {
      readonly kind: 'transfer'
      readonly request: RequestId
      readonly tokens: readonly TokenId[]
      readonly cells: readonly CellIndex[]
    }
  /** The transfer has held cells for too long that somebody waits for: they are not the driver's any more. It is over. */
  | { readonly kind: 'expired'; readonly request: RequestId }
  /** Send a `tick` at this time, on the clock of `atUs`. One that comes late or in vain does no harm. */
  | { readonly kind: 'wake'; readonly atUs: number }
  /** A token is final and goes to the user. */
  | { readonly kind: 'emit'; readonly request: RequestId; readonly choice: number; readonly token: TokenId }
  /** A choice has ended, or a live text has given way. Score work has no choices: it only gets `done`. */
  | { readonly kind: 'finish'; readonly request: RequestId; readonly choice: number; readonly reason: FinishReason }
  /**
   * All choices of a request have ended and none of its rows is in flight any more. `reused`: tokens of its prompt that
   * were in KV cells of its session or of others.
   */
  | {
      readonly kind: 'done'
      readonly request: RequestId
      readonly drafts: DraftFigures
      readonly reused: number
    }

/** What became of a request's drafted rows. When it is done, drafted = accepted + cancelled + wasted. */
export interface DraftFigures {
  /** Drafted rows sent. */
  drafted: number
  /** Of these, the target drew the same token, which may have ended the text. */
  accepted: number
  /** Tokens that were guessed, and none of the guesses was right. */
  rejections: number
  /** Rows withdrawn while in flight. */
  cancelled: number
  /** Rows that came back and were not needed. */
  wasted: number
}

/** Nothing to do until the next event. */
export const IDLE: unique symbol = Symbol('idle')

/** Sizes fixed when the model is loaded. */
export interface SchedulerLimits {
  /** Stages of the pipeline: plain decoding keeps at most so many groups of rows in flight. */
  readonly stages: number
  /** KV cells of the pipeline. */
  readonly cells: number
  /** Tokens that a sequence, and everybody who runs, should be able to get when it is admitted: so nobody pauses soon. */
  readonly headroom: number
  /** Requests that may wait to be admitted. Absent: as many as come. */
  readonly queueMax?: number
  /** Rows of the shared cell table. */
  readonly sequences: number
  /** Positions of one sequence. */
  readonly contextLength: number
  /** Micro-batches in flight at once. */
  readonly inFlightMax: number
  /** Rows of prompts in one micro-batch. */
  readonly chunkRows: number
  /** Percentage of its time that a step of decoding may take when there are rows of prompts in it. */
  readonly gapPercent: number
  /** Rows with a head in one micro-batch: the last stage's logits arena. */
  readonly headRowsMax: number
  /** Token ids are below this. */
  readonly vocabularySize: number
  /** For how long a transfer may hold cells that somebody waits for, in microseconds. Absent: for ever. */
  readonly pinUs?: number
  /**
   * Of a beginning of this length that is in cells, how much the model can go on from: at most all of it, and of a longer one no
   * less. Absent: all of it.
   */
  readonly reusable?: (length: Position) => Position
}
