// What a text can share, now and when those have written that are at it: the one rule over the index of texts (text-index.ts).
// The same tokens leave the same bits, so whoever begins alike refers to the same cells. Cells are shared once they are
// written and the rows that wrote them are out of the pipeline: then no row that is withdrawn can have left one empty, and
// faults are known. It is asked when somebody comes and when what he waits for is over, not in between.
import type { CellIndex, Position, TokenId } from '../domain.ts'
import { type Cells, RUN_CELLS } from '../kv/cells.ts'
import type { SchedulerLimits } from './events.ts'
import type { KeptTexts } from './kept-texts.ts'
import { evaluatedFrom, type Sequence } from './sequence.ts'
import { scopeOf, type TextIndex, type TextScope } from './text-index.ts'
import { IndexedText } from './token-tree.ts'

/** Less than this of somebody else's text would only break up a run of cells, and is not worth waiting for. */
const SHARED_LEAST = RUN_CELLS

/** Who looks for the beginning of its text. */
export interface Seeker {
  /** The same whenever it asks. */
  readonly owner: object
  readonly scope: TextScope | undefined
  readonly text: ArrayLike<TokenId>
  /** The first position that has to be evaluated, whoever else has. */
  readonly end: Position
}

/** A text that somebody evaluates, and how much of it is waited for. */
export interface Awaited {
  readonly text: IndexedText
  readonly length: number
}

export class Beginnings {
  readonly #reusable: (length: Position) => Position
  readonly #cells: Cells
  readonly #index: TextIndex
  readonly #kept: KeptTexts
  /** What was answered last, until the index changes. */
  readonly #saved = new WeakMap<object, { readonly version: number; readonly count: number }>()
  #begun = 0
  /** How often somebody has shared a text, and tokens that were not evaluated for it. */
  hits = 0
  reusedTokens = 0

  constructor({ reusable }: Pick<SchedulerLimits, 'reusable'>, cells: Cells, index: TextIndex, kept: KeptTexts) {
    this.#reusable = reusable ?? ((length) => length)
    this.#cells = cells
    this.#index = index
    this.#kept = kept
  }

  /** How many cells less a text needs because others hold them, or are about to. */
  savedCount({ owner, scope, text, end }: Seeker): number {
    if (scope === undefined) return 0
    const { version } = this.#index
    const known = this.#saved.get(owner)
    if (known?.version === version) return known.count
    const count = this.#worth(this.#index.match(scope, text, end).held)
    this.#saved.set(owner, { version, count })
    return count
  }

  /** Gives the sequence what others have of its text beyond what it has submitted. Returns what is worth waiting for. */
  share(sequence: Sequence): Awaited | undefined {
    const { text, indexed, request } = sequence
    const scope = shownTo(sequence)
    const end = evaluatedFrom(sequence)
    const own = request.session === undefined ? undefined : this.#kept.sessions.get(request.session)
    const ownLength = own ? this.#reusable(commonLength(own.tokens, text, end)) : 0
    const found = scope === undefined ? undefined : this.#index.match(scope, text, end, indexed?.order)
    const length = this.#worth(found?.length ?? 0)
    if (found?.text && length > ownLength) this.#take(sequence, found.text, length)
    else if (own) this.#take(sequence, own, ownLength)
    const coming = this.#worth(found?.comingLength ?? 0)
    const isWorth = found?.coming !== undefined && coming >= sequence.committedLength + SHARED_LEAST
    sequence.expected = isWorth ? coming : 0
    return isWorth ? { text: found.coming!, length: coming } : undefined
  }

  /** What is usable of a beginning that somebody else has. */
  #worth(length: number): number {
    const usable = this.#reusable(length)
    return usable < SHARED_LEAST ? 0 : usable
  }

  #take(sequence: Sequence, from: IndexedText, length: number): void {
    const { cells, committedLength, request } = sequence
    const count = length - committedLength
    if (count <= 0) return
    const found: CellIndex[] = from.cells.slice(committedLength, length)
    this.#cells.share(found, count)
    this.#cells.release(cells.slice(committedLength))
    cells.length = committedLength
    for (const cell of found) cells.push(cell)
    sequence.committedLength = length
    this.#kept.touch(from)
    this.hits++
    this.reusedTokens += count
    if (request.pauseCount === 0) request.reused += count
  }

  /** The texts of these sequences, which are one, begin to be evaluated. Who comes from now on finds them. */
  enter(group: readonly Sequence[]): void {
    const order = this.#begun++
    for (const sequence of group) {
      const scope = shownTo(sequence)
      if (scope === undefined) continue
      const { text, cells, committedLength } = sequence
      sequence.indexed = new IndexedText(text, cells, committedLength, order)
      this.#index.add(sequence.indexed, scope)
      this.#index.hold(sequence.indexed, 1)
    }
  }

  /** The sequence's own rows have written its text up to `end`. */
  wrote({ indexed, cells }: Sequence, end: Position): void {
    // Choices have no cells before their prompt is submitted as a whole.
    if (indexed && cells.length >= end) this.#index.advance(indexed, end)
  }

  /** Nobody finds the sequence's text any more. */
  leave(sequence: Sequence): void {
    if (sequence.indexed) this.#index.remove(sequence.indexed)
    sequence.indexed = undefined
  }

  /** Whether there is nothing to wait for: it is written, or nobody evaluates it. */
  isOver({ text, length }: Awaited): boolean {
    return text.written >= length || !text.node
  }
}

/** Who may find the text of a sequence and whose texts it finds; undefined where that is nobody. */
export const shownTo = ({ request: { work, isFaulty } }: Sequence): TextScope | undefined =>
  isFaulty ? undefined : scopeOf(work)

/** Tokens that two texts have in common up to `end`. */
function commonLength(a: ArrayLike<TokenId>, b: ArrayLike<TokenId>, end: number): number {
  const most = Math.min(a.length, end)
  let length = 0
  while (length < most && a[length] === b[length]) length++
  return length
}
