// How many KV cells a model gets: what the user says, else four contexts or what a quarter of the free memory holds. A cell
// that was never written takes no memory, so the number says what requests may come to, not what loading takes. Pure.
import { TsinferError } from '../../errors.ts'
import { MEMORY_BYTES_MAX } from '../../limits.ts'
import { type StageLayout, stageCells } from './layout.ts'

/** What a user says of the cells. */
export interface PoolOptions {
  /** KV cells of all sequences together. */
  readonly kvCells?: number | undefined
  /** Sequences of full length that there are cells for where their number is not given. */
  readonly sequences?: number | undefined
}

/** Contexts that there are cells for where nobody says. */
const DEFAULT_CONTEXTS = 4
/** The part of the free memory that cells may come to where nobody says. */
const FREE_SHARE = 1 / 4
/** Bytes by which the start of a region of cells can move when there are more of them. */
const ALIGNMENT_SLACK = 64

/** The number that the user wants; undefined where it is left open. */
export const wantedCells = ({ kvCells, sequences }: PoolOptions, contextLength: number): number | undefined =>
  kvCells ?? (sequences === undefined ? undefined : sequences * contextLength)

/** Throws `option_invalid` where no text of full length would fit. */
export function checkCells(kvCells: number | undefined, contextLength: number): void {
  if (kvCells === undefined || kvCells >= contextLength) return
  const expected = `expected cells for one context, ${contextLength} or more`
  throw new TsinferError('option_invalid', `kvCells: ${expected}, found ${kvCells}`)
}

/** Bytes of a cell in all layers of a stage. */
export const cellBytesOf = (stage: StageLayout): number =>
  stageCells(stage).regions.reduce((sum, { heads, stride }) => sum + heads * stride, 0)

/**
 * The number of cells where it is left open, given stages with cells for one context: as many as fit them.
 * `freeBytes`: what the weights leave of the free memory.
 */
export function defaultCells(stages: readonly StageLayout[], contextLength: number, freeBytes: number): number {
  const bytes = stages.reduce((sum, stage) => sum + cellBytesOf(stage), 0)
  const fitting = stages.map((stage) => {
    const slack = stageCells(stage).regions.length * ALIGNMENT_SLACK
    return contextLength + Math.floor((MEMORY_BYTES_MAX - stage.bytes - slack) / cellBytesOf(stage))
  })
  const most = Math.min(contextLength * DEFAULT_CONTEXTS, Math.floor((freeBytes * FREE_SHARE) / bytes), ...fitting)
  return Math.max(contextLength, most)
}
