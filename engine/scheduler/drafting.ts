// The draft trees of all sequences that speculate, and the questions to the drafter about them. What a question assumes
// may turn out wrong while the drafter works on it: then it is withdrawn, and a late answer finds nobody who asked.
import { ANCESTORS_MAX } from '../limits.ts'
import { DraftTree } from '../speculation/draft-tree.ts'
import type { Guess } from '../speculation/guess.ts'
import type { QuestionNumber } from '../speculation/question.ts'
import { type Advised, NO_TIME } from './advised.ts'
import type { SchedulerAction } from './events.ts'
import type { RowNode, RowTree } from './row-tree.ts'
import type { Sequence } from './sequence.ts'

interface Speculating {
  readonly sequence: Sequence
  readonly tree: RowTree
  /** The open question. */
  question: QuestionNumber | undefined
  /** When it was asked. */
  askedUs: number
  /** Tokens of the text that was asked about last. */
  askedLength: number
  /** It was about what follows the certain text. */
  isFirst: boolean
}

/** New tokens of a question whose time counts as that of any question. */
const NEW_TOKENS_MAX = 3

type Asking = Extract<SchedulerAction, { kind: 'ask' }>

export class Drafting {
  readonly #vocabularySize: number
  readonly #advised: Advised
  readonly #speculating = new Map<Sequence, Speculating>()
  readonly #byQuestion = new Map<QuestionNumber, Speculating>()
  readonly #withdrawn: QuestionNumber[] = []
  #nextQuestion: QuestionNumber = 0

  constructor(vocabularySize: number, advised: Advised) {
    this.#vocabularySize = vocabularySize
    this.#advised = advised
  }

  /** Whether any live sequence speculates. */
  get isActive(): boolean {
    return this.#speculating.size > 0
  }
  /** Questions without an answer. */
  get openCount(): number {
    return this.#byQuestion.size
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
      question: undefined,
      askedUs: NO_TIME,
      askedLength: 0,
      isFirst: true,
    })
    this.#advised.begin(sequence, tree)
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
  end(sequence: Sequence, decodingCount: number): void {
    const entry = this.#speculating.get(sequence)
    if (!entry) return
    this.#speculating.delete(sequence)
    this.#advised.end(sequence, entry.tree, decodingCount)
    entry.tree.working = undefined
    this.#withdrawIfIdle(entry)
  }

  #withdrawIfIdle(entry: Speculating): void {
    if (entry.question === undefined || entry.tree.working) return
    this.#withdrawn.push(entry.question)
    this.#close(entry)
  }

  #close(entry: Speculating): void {
    this.#byQuestion.delete(entry.question!)
    entry.question = undefined
  }

  /** A question that is of no use any more, and that the drafter has not heard so about. */
  takeWithdrawn(): QuestionNumber | undefined {
    return this.#withdrawn.shift()
  }

  answered(question: QuestionNumber, guesses: readonly Guess[]): void {
    const entry = this.#byQuestion.get(question)
    if (!entry) return
    this.#close(entry)
    this.#advised.answered(entry.askedUs, entry.isFirst)
    entry.tree.answer(guesses, this.#vocabularySize, positionEnd(entry))
  }

  /** Time has passed: guesses that were too unlikely get another chance. */
  retryHeld(): void {
    for (const { tree } of this.#speculating.values()) tree.retryHeld(true)
  }

  /** The next question. */
  ask(): Asking | undefined {
    for (const entry of this.#speculating.values()) {
      const tip = this.#tipToDraft(entry)
      if (!tip) continue
      const { sequence, tree } = entry
      const question = this.#nextQuestion++
      tip.asked = true
      tree.working = tip
      entry.question = question
      entry.askedUs = this.#advised.nowUs
      this.#byQuestion.set(question, entry)
      const { request, choice, length } = sequence
      const assumed = tree.pathTo(tip)
      // A question about much that is new, such as a whole prompt, says nothing about others.
      if (length + assumed.length - entry.askedLength > NEW_TOKENS_MAX) entry.askedUs = NO_TIME
      entry.askedLength = length + assumed.length
      entry.isFirst = assumed.length === 0
      const count = tree.nMax - tree.pendingCount
      return { kind: 'ask', question, request: request.id, choice, length, assumed, count }
    }
    return undefined
  }

  #tipToDraft(entry: Speculating): RowNode | undefined {
    const { sequence, tree, question } = entry
    const { phase } = sequence
    const { asks } = tree.policy
    if (asks === 'never') return undefined
    const may = phase === 'ready' || (phase === 'waiting' && asks === 'always')
    if (!may || question !== undefined || tree.pendingCount >= tree.nMax) return undefined
    return tree.openTip(positionEnd(entry))
  }

  /** Whether a ready sequence should wait for more drafts before its next row is sent. */
  isCollecting(sequence: Sequence): boolean {
    const entry = this.#speculating.get(sequence)
    if (!entry?.tree.policy.waits) return false
    return entry.question !== undefined || this.#tipToDraft(entry) !== undefined
  }
}

/** Nothing is drafted behind this position: its rows would not be needed, or have too many ancestors. */
const positionEnd = ({ sequence, tree }: Speculating): number =>
  Math.min(sequence.lengthMax - 2, tree.root.position + ANCESTORS_MAX)
