// A request under way and its sequences, one per choice: timelines of tokens that are certain. What is still only
// assumed lives in the run table. The sequence is what is admitted, takes cells as it grows, and pauses.
import type { CellIndex, Position, SequenceId, TokenId } from '../domain.ts'
import type { DraftFigures, GenerateWork, RequestId, ScoreWork, SessionId, TextWork, Work } from './events.ts'

export interface RequestRecord {
  readonly id: RequestId
  readonly work: GenerateWork | ScoreWork | TextWork
  /** Empty for a live text. */
  readonly prompt: ArrayLike<TokenId>
  /** When it came, among all: those that came before go before. */
  readonly arrival: number
  /** One per choice; a single one for score work and live texts. Choices refer to the same cells for the prompt. */
  readonly sequences: Sequence[]
  /** Prompt tokens whose cells others had filled. */
  reused: number
  /** The next position of score work to report. */
  nextScore: Position
  /** How often one of its sequences has paused. */
  pauseCount: number
  /** A cell did not hold what belongs there: nobody may read the request's cells. */
  isFaulty: boolean
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
  /** It has given its cells and its id back, and waits to go on. */
  | 'paused'
  | 'ended'

export interface Sequence {
  /** Of its row of the cell table. Not its own while it pauses. */
  id: SequenceId
  readonly request: RequestRecord
  readonly choice: number
  /** The cells of its first positions. More are taken as it grows; choices have none until their prompt is submitted. */
  readonly cells: CellIndex[]
  /** Tokens after which the choice ends. */
  readonly lengthMax: number
  /** Positions whose rows are evaluated: the prompt's, and every generated token's but the last of a full sequence. */
  readonly evaluatedMax: number
  phase: SequencePhase
  /** Certain tokens: the prompt and what was accepted; the next token has this position. */
  length: Position
  /** Positions whose token is certain and whose row has been submitted: later rows see them through the cell table. */
  committedLength: Position
  /** The newest accepted token. */
  token: TokenId
  /** Certain tokens; empty for a live text, which its nodes know. */
  readonly text: TokenId[]
  /** Past its prompt. */
  isDecoding: boolean
  /** Tokens that others evaluate at present and whose cells it will share. */
  expected: Position
}

/** Who goes first: the request that came first, and of its choices the first. */
export const before = (a: Sequence, b: Sequence): number => a.request.arrival - b.request.arrival || a.choice - b.choice

/** Whether it may refer to cells that others have filled, and others wait for it. */
export const sharesCells = ({ request: { work, isFaulty } }: Sequence): boolean =>
  !isFaulty && (work.kind === 'score' || (work.kind === 'generate' && work.cachePrompt !== false))

/** Whether its newest token has a cell to go to. */
export const hasCell = ({ cells, length }: Sequence): boolean => cells.length >= length

/** Positions that it should be able to reach without anybody's pausing: nobody is admitted at their cost. */
export const headroomEnd = (
  { length, evaluatedMax }: Pick<Sequence, 'length' | 'evaluatedMax'>,
  headroom: number,
): Position => Math.min(length + headroom, evaluatedMax)

export const noDrafts = (): DraftFigures => ({ drafted: 0, accepted: 0, rejections: 0, cancelled: 0, wasted: 0 })

/** Tokens a sequence of this work can reach, prompt included. */
export function reachableLength(work: Work, contextLength: number): number {
  if (work.kind === 'text') return work.lengthMax
  const { length } = work.prompt
  return work.kind === 'generate' ? Math.min(contextLength, length + work.tokensMax) : length
}

export const promptOf = (work: Work): ArrayLike<TokenId> => (work.kind === 'text' ? [] : work.prompt)
