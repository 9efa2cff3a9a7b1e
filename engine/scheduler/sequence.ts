// A request under way and its sequences, one per choice: timelines of tokens that are certain. What is still only
// assumed lives in the run table.
import type { CellIndex, Position, SequenceId, TokenId } from '../domain.ts'
import type { DraftFigures, GenerateWork, RequestId, ScoreWork, SessionId, TextWork, Work } from './events.ts'

export interface RequestRecord {
  readonly id: RequestId
  readonly work: GenerateWork | ScoreWork | TextWork
  /** Empty for a live text. */
  readonly prompt: ArrayLike<TokenId>
  /** One per choice; a single one for score work and live texts. Choices refer to the same cells for the prompt. */
  readonly sequences: Sequence[]
  /** Prompt tokens whose cells the session had. */
  readonly reused: number
  /** Prompt tokens that were reused or have been submitted. */
  prefilled: number
  /** Keeps the text when the request is over. */
  session: SessionId | undefined
  /** Sequences that have not ended. */
  liveCount: number
  /** RunRows in flight, dead ones included. */
  inFlightCount: number
  readonly drafts: DraftFigures
}

type SequencePhase =
  /** The prompt is not submitted completely. */
  | 'prefill'
  /** A row whose token is final is in flight or being judged: the next token will come from it. */
  | 'waiting'
  /** The newest token has no row yet. */
  | 'ready'
  /** A live text: its rows come from its nodes. */
  | 'text'
  | 'ended'

export interface Sequence {
  readonly id: SequenceId
  readonly request: RequestRecord
  readonly choice: number
  /** The cell of every position this sequence can reach. */
  readonly cells: CellIndex[]
  /** Tokens after which the choice ends. */
  readonly lengthMax: number
  phase: SequencePhase
  /** Certain tokens: the prompt and what was accepted; the next token has this position. */
  length: Position
  /** Positions whose token is certain and whose row has been submitted: later rows see them through the cell table. */
  committedLength: Position
  /** The newest accepted token. */
  token: TokenId
  /** Certain tokens, for a session to keep. Absent without one. */
  readonly text: TokenId[] | undefined
}

export const noDrafts = (): DraftFigures => ({ drafted: 0, accepted: 0, rejections: 0, cancelled: 0, wasted: 0 })

/** Tokens a sequence of this work can reach, prompt included. */
export function reachableLength(work: Work, contextLength: number): number {
  if (work.kind === 'text') return work.lengthMax
  const { length } = work.prompt
  return work.kind === 'generate' ? Math.min(contextLength, length + work.tokensMax) : length
}

export const promptOf = (work: Work): ArrayLike<TokenId> => (work.kind === 'text' ? [] : work.prompt)
