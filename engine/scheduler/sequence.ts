// A request under way and its sequences, one per choice: timelines of tokens that are certain. What is still only
// assumed lives in the run table. The sequence is what is admitted, takes cells as it grows, and pauses.
import type { CellIndex, ClientId, Position, Priority, SequenceId, TokenId } from '../domain.ts'
import type { DraftFigures, GenerateWork, RequestId, ScoreWork, SessionId, TextWork } from './events.ts'
import type { IndexedText } from './token-tree.ts'

export interface RequestRecord {
  readonly id: RequestId
  readonly work: GenerateWork | ScoreWork | TextWork
  /** Empty for a live text. */
  readonly prompt: ArrayLike<TokenId>
  readonly client: ClientId
  /** Batch work counts as interactive when its turn has come. */
  priority: Priority
  /** Among those of its priority: counts on with every request that is admitted or changes its priority. */
  order: number
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
  /** groups in flight, dead ones included. */
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
  /** Positions that have been evaluated, or shared, up to its last pause or admission: below it they are evaluated again. */
  evaluatedLength: Position
  /** The newest accepted token. */
  token: TokenId
  /** Certain tokens; empty for a live text, which its nodes know. */
  readonly text: TokenId[]
  /** Past its prompt. */
  isDecoding: boolean
  /** Tokens that others evaluate at present and whose cells it will share. */
  expected: Position
  /** Its text as others find it; undefined where they do not. */
  indexed: IndexedText | undefined
}

/**
 * Who goes first: interactive requests, and of those the one that was admitted first; of its choices the first. This never
 * changes, but for batch requests whose turn has come: they become the last of the interactive ones.
 */
export const before = (a: Sequence, b: Sequence): number =>
  rank(a) - rank(b) || a.request.order - b.request.order || a.choice - b.choice

const rank = ({ request }: Sequence): number => (request.priority === 'interactive' ? 0 : 1)

/** Sequences that hold cells, or will without asking again; no live texts. */
export function* running(requests: ReadonlyMap<RequestId, RequestRecord>): Generator<Sequence, void, undefined> {
  for (const { sequences } of requests.values()) {
    for (const sequence of sequences) {
      const { phase } = sequence
      if (phase === 'prefill' || phase === 'waiting' || phase === 'ready') yield sequence
    }
  }
}

/** The first position whose row has to be evaluated, whoever else has: its result is wanted. */
export function evaluatedFrom({ text, request }: Sequence): Position {
  return request.work.kind === 'score' ? request.nextScore : text.length - 1
}

/** Whether its newest token has a cell to go to. */
export const hasCell = ({ cells, length }: Sequence): boolean => cells.length >= length

/** Positions that it should be able to reach without anybody's pausing: nobody is admitted at their cost. */
export const headroomEnd = (
  { length, evaluatedMax }: Pick<Sequence, 'length' | 'evaluatedMax'>,
  headroom: number,
): Position => Math.min(length + headroom, evaluatedMax)

export const noDrafts = (): DraftFigures => ({ drafted: 0, accepted: 0, rejections: 0, cancelled: 0, wasted: 0 })
