// The draft trees of all sequences that speculate, and the questions to the drafter about them. What a question assumes
// may turn out wrong while the drafter works on it: then it is withdrawn, and a late answer finds nobody who asked.
import { ANCESTORS_MAX } from '../limits.ts'
import { type DraftNode, DraftTree } from '../spec/draft-tree.ts'
import type { Guess } from '../spec/guess.ts'
import type { DraftNumber, SchedulerAction } from './events.ts'
import type { RunRow } from './run.ts'
import type { Sequence } from './sequence.ts'
import type { Steering } from './steering.ts'

export type RowTree = DraftTree<RunRow>
export type RowNode = DraftNode<RunRow>

interface Speculating {
  readonly sequence: Sequence
  readonly tree: RowTree
  /** The open question. */
  draft: DraftNumber | undefined
  /** When it was asked. */
  askedUs: number
  /** Tokens of the text that was asked about last. */
  askedLength: number
  /** It was about what follows the certain text. */
  isFirst: boolean
}

/** New tokens of a question whose time counts as that of any question. */
const NEW_TOKENS_MAX = 3

type DraftAction = Extract<SchedulerAction, { kind: 'draft' }>

export class Drafting {
  readonly #vocabularySize: number
  readonly #steering: Steering
  readonly #speculating = new Map<Sequence, Speculating>()
  readonly #byDraft = new Map<DraftNumber, Speculating>()
  readonly #withdrawn: DraftNumber[] = []
  #nextDraft: DraftNumber = 0

  constructor(vocabularySize: number, steering: Steering) {
    this.#vocabularySize = vocabularySize
    this.#steering = steering
  }

  /** Whether any live sequence speculates. */
  get isActive(): boolean {
    return this.#speculating.size > 0
  }
  /** Questions without an answer. */
  get openCount(): number {
    return this.#byDraft.size
  }

  *trees(): Generator<readonly [Sequence, RowTree], void, undefined> {
    for (const { sequence, tree } of this.#speculating.values()) yield [sequence, tree]
  }

  treeOf(sequence: Sequence): RowTree | undefined {
    return this.#speculating.get(sequence)?.tree
  }

  /** A sequence is admitted. */
  begin(sequence: Sequence): void {
    const { work } = sequence.request
    if (work.kind !== 'generate' || !work.draft) return
    const tree: RowTree = new DraftTree(work.draft, sequence.token, sequence.length - 1)
    this.#speculating.set(sequence, {
      sequence,
      tree,
      draft: undefined,
      askedUs: Number.NaN,
      askedLength: 0,
      isFirst: true,
    })
    this.#steering.begin(sequence, tree)
  }

  /** A token of the sequence has become certain. */
  advance(sequence: Sequence, token: number): void {
    const entry = this.#speculating.get(sequence)
    if (!entry) return
    entry.tree.advance(token)
    this.#withdrawIfIdle(entry)
  }

  /** A draft cannot be submitted: it and all behind it are forgotten. */
  drop(sequence: Sequence, node: RowNode): void {
    const entry = this.#speculating.get(sequence)!
    entry.tree.drop(node)
    this.#withdrawIfIdle(entry)
  }

  /** The sequence has ended. */
  end(sequence: Sequence): void {
    const entry = this.#speculating.get(sequence)
    if (!entry) return
    this.#speculating.delete(sequence)
    this.#steering.end(sequence, entry.tree)
    entry.tree.working = undefined
    this.#withdrawIfIdle(entry)
  }

  #withdrawIfIdle(entry: Speculating): void {
    if (entry.draft === undefined || entry.tree.working) return
    this.#withdrawn.push(entry.draft)
    this.#close(entry)
  }

  #close(entry: Speculating): void {
    this.#byDraft.delete(entry.draft!)
    entry.draft = undefined
  }

  /** A question that is of no use any more, and that the drafter has not heard so about. */
  takeWithdrawn(): DraftNumber | undefined {
    return this.#withdrawn.shift()
  }

  answered(draft: DraftNumber, guesses: readonly Guess[]): void {
    const entry = this.#byDraft.get(draft)
    if (!entry) return
    this.#close(entry)
    this.#steering.answered(entry.askedUs, entry.isFirst)
    entry.tree.answer(guesses, this.#vocabularySize, positionEnd(entry))
  }

  /** Time has passed: guesses that were too unlikely get another chance. */
  retryHeld(): void {
    for (const { tree } of this.#speculating.values()) tree.retryHeld(true)
  }

  /** The next question. */
  ask(): DraftAction | undefined {
    for (const entry of this.#speculating.values()) {
      const tip = this.#tipToDraft(entry)
      if (!tip) continue
      const { sequence, tree } = entry
      const draft = this.#nextDraft++
      tip.asked = true
      tree.working = tip
      entry.draft = draft
      entry.askedUs = this.#steering.nowUs
      this.#byDraft.set(draft, entry)
      const { request, choice, length } = sequence
      const assumed = tree.pathTo(tip)
      // A question about much that is new, such as a whole prompt, says nothing about others.
      if (length + assumed.length - entry.askedLength > NEW_TOKENS_MAX) entry.askedUs = Number.NaN
      entry.askedLength = length + assumed.length
      entry.isFirst = assumed.length === 0
      const count = tree.nMax - tree.pendingCount
      return { kind: 'draft', draft, request: request.id, choice, length, assumed, count }
    }
    return undefined
  }

  #tipToDraft(entry: Speculating): RowNode | undefined {
    const { sequence, tree, draft } = entry
    const { phase } = sequence
    if (tree.policy === 'off') return undefined
    const may = phase === 'ready' || (phase === 'waiting' && tree.policy !== 'sync')
    if (!may || draft !== undefined || tree.pendingCount >= tree.nMax) return undefined
    return tree.openTip(positionEnd(entry))
  }

  /** Whether a ready sequence should wait for more drafts before its next row is sent. */
  isCollecting(sequence: Sequence): boolean {
    const entry = this.#speculating.get(sequence)
    if (entry?.tree.policy !== 'sync') return false
    return entry.draft !== undefined || this.#tipToDraft(entry) !== undefined
  }
}

/** Nothing is drafted behind this position: its rows would not be needed, or have too many ancestors. */
const positionEnd = ({ sequence, tree }: Speculating): number =>
  Math.min(sequence.lengthMax - 2, tree.root.position + ANCESTORS_MAX)
