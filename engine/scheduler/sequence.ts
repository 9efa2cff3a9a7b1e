// A request under way and its sequences, one per choice: timelines of tokens that are certain. What is still only
// assumed lives in the run table.
import type { CellIndex, Position, SequenceId, TokenId } from '../domain.ts'
import type { AutoReport } from '../spec/autopilot.ts'
import type { DraftFigures, GenerateWork, RequestId, RestoreWork, ScoreWork, SessionId } from './events.ts'

export interface RequestRecord {
  readonly id: RequestId
  readonly work: GenerateWork | ScoreWork
  /** One per choice; a single one for score work. Choices refer to the same cells for the prompt. */
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
  /** Why policy `auto` did what it did, of the choice that ended last. */
  auto: AutoReport | undefined
}

export type SequencePhase =
  /** The prompt is not submitted completely. */
  | 'prefill'
  /** A row whose token is final is in flight or being judged: the next token will come from it. */
  | 'waiting'
  /** The newest token has no row yet. */
  | 'ready'
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
export function reachableLength(work: GenerateWork | ScoreWork | RestoreWork, contextLength: number): number {
  const { length } = work.prompt
  return work.kind === 'generate' ? Math.min(contextLength, length + work.tokensMax) : length
}
