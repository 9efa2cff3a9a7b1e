// A smaller model drafts. Its stages are driven by a scheduler of their own, the same as the target's: the text of a choice
// is a live text there (scheduler/texts.ts), which grows by what is asked about and keeps what turns out right, so a
// question costs the tokens that are new to it. When a question is withdrawn, what it assumed is pruned; what is certain
// will be needed by the next one.
//
// The draft model draws with the target's noise, and its probabilities are those of logits with the noise added.
import type { Position, RequestId, TokenId } from '../../domain.ts'
import { type Pipeline, perform, type Returned } from '../../pipeline/pipeline.ts'
import { IDLE, type NodeId, type SchedulerAction, type SchedulerLimits } from '../../scheduler/events.ts'
import { plain } from '../../scheduler/plain.ts'
import { Scheduler } from '../../scheduler/scheduler.ts'
import { type Guess, PROBABILITY_ONE } from '../guess.ts'
import type { Question, QuestionNumber } from '../question.ts'
import {
  choiceName,
  type DraftedChoice,
  type Drafter,
  type DrafterHost,
  type DrafterKind,
  type Ranker,
  textAsked,
} from './drafter.ts'

/** Tokens of a text that were sent to be read together, and what was said of what follows them. */
interface ReadNode {
  readonly id: NodeId
  readonly from: Position
  readonly tokens: readonly TokenId[]
  parent: ReadNode | undefined
  next: ReadNode | undefined
  guesses: readonly Guess[] | undefined
  /** Waits for the guesses, at most `count`. */
  question: QuestionNumber | undefined
  count: number
}

interface DraftText {
  readonly choice: DraftedChoice
  readonly ranker: Ranker
  readonly certain: TokenId[]
  /** Names it in the scheduler; undefined while there was no room for it. */
  request: RequestId | undefined
  /** The last node that is committed. */
  committed: ReadNode
  /** Its keys or values have overflowed. */
  hasFailed: boolean
}

export const draftModel: DrafterKind = {
  preference: 1,
  create: ({ draft, host }) => draft && new DraftModel(draft.limits, draft.pipeline, draft.newRanker, host),
}

export class DraftModel implements Drafter {
  readonly name = 'draft model'
  readonly scheduler: Scheduler
  readonly #limits: SchedulerLimits
  readonly #pipeline: Pipeline
  readonly #newRanker: (choice: DraftedChoice) => Ranker
  readonly #host: DrafterHost
  readonly #texts = new Map<string, DraftText>()
  readonly #byRequest = new Map<RequestId, DraftText>()
  /** Nodes whose results are on their way. */
  readonly #unread = new Map<NodeId, { readonly text: DraftText; readonly node: ReadNode }>()
  readonly #open = new Map<QuestionNumber, { readonly text: DraftText; readonly node: ReadNode }>()
  /** Answers to hand out when the scheduler has nothing to do. */
  #answers: { readonly question: QuestionNumber; readonly guesses: readonly Guess[] }[] = []
  /** Requests whose results could not be ranked. */
  #failed: { readonly request: RequestId; readonly error: unknown }[] = []
  #returned: Returned | undefined
  #nextRequest = 0
  #nextNode = 0

  constructor(
    limits: SchedulerLimits,
    pipeline: Pipeline,
    newRanker: (choice: DraftedChoice) => Ranker,
    host: DrafterHost,
  ) {
    this.#limits = limits
    this.scheduler = new Scheduler(limits, { planner: plain })
    this.#pipeline = pipeline
    this.#newRanker = newRanker
    this.#host = host
  }

  begin(choice: DraftedChoice): void {
    this.#texts.set(choiceName(choice.request, choice.choice), {
      choice,
      ranker: this.#newRanker(choice),
      certain: Array.from(choice.prompt),
      request: undefined,
      committed: newNode(ROOT_NODE, 0, [], undefined),
      hasFailed: false,
    })
  }

  accept(request: RequestId, choice: number, token: TokenId): void {
    const text = this.#texts.get(choiceName(request, choice))
    text?.certain.push(token)
    text?.ranker.accept(token)
  }

  ask(asked: Question): void {
    const { question, count } = asked
    const text = textAsked(this.#texts, asked)
    const node = this.#read(text, asked)
    if (!node || node.guesses) return this.#host.answer(question, node?.guesses?.slice(0, count) ?? [])
    node.question = question
    node.count = count
    this.#open.set(question, { text, node })
    this.#drain()
  }

  withdraw(question: QuestionNumber): void {
    const asked = this.#open.get(question)
    if (!asked) return
    const { text, node } = asked
    this.#open.delete(question)
    node.question = undefined
    if (isBehind(text.committed, node)) this.#prune(text, node)
    this.#drain()
  }

  end(request: RequestId, choice: number): void {
    const name = choiceName(request, choice)
    const text = this.#texts.get(name)
    if (!text) return
    const live = text.request
    this.#texts.delete(name)
    this.#close(text)
    if (live === undefined) return
    this.scheduler.handle({ kind: 'abort', request: live })
    this.#drain()
  }

  collect(): boolean {
    let collected = false
    for (;;) {
      this.#returned = this.#pipeline.collect()
      if (!this.#returned) break
      collected = true
      const { number, faults } = this.#returned
      this.scheduler.handle({ kind: 'returned', number, faults })
      this.#drain()
    }
    const [answers, failed] = [this.#answers, this.#failed]
    this.#answers = []
    this.#failed = []
    for (const { request, error } of failed) this.#host.fail(request, error)
    for (const { question, guesses } of answers) this.#host.answer(question, guesses)
    return collected
  }

  /**
   * The node that ends where the question does, its tokens on their way. Undefined where the question cannot be answered:
   * the text has no room, or a token that the draft model does not know.
   */
  #read(text: DraftText, { length, assumed }: Question): ReadNode | undefined {
    const total = length + assumed.length
    const { certain, choice } = text
    if (text.hasFailed || total > Math.min(choice.lengthMax, this.#limits.contextLength)) return undefined
    const tokenAt = (position: Position) => (position < length ? certain[position]! : assumed[position - length]!)
    const last = lastCommon(text.committed, total, tokenAt)
    for (let at = endOf(last); at < total; at++) if (tokenAt(at) >= this.#limits.vocabularySize) return undefined
    if (!this.#isLive(text)) return undefined
    if (last.next) this.#prune(text, last.next)
    let node = last
    while (endOf(node) > length) node = node.parent!
    this.#commit(text, node)
    node = last
    if (endOf(node) < length) {
      const rest = Array.from({ length: length - endOf(node) }, (_, i) => tokenAt(endOf(node) + i))
      node = this.#extend(text, node, rest)
      this.#commit(text, node)
    }
    while (endOf(node) < total) node = this.#extend(text, node, [tokenAt(endOf(node))])
    return node
  }

  /** Whether the text lives in the scheduler; it is tried again with every question while there is no room. */
  #isLive(text: DraftText): boolean {
    if (text.request !== undefined) return true
    const request = this.#nextRequest++
    text.request = request
    this.#byRequest.set(request, text)
    const lengthMax = Math.min(text.choice.lengthMax, this.#limits.contextLength)
    this.scheduler.handle({ kind: 'request', request, work: { kind: 'text', lengthMax } })
    // Where there is no room it is done at once.
    this.#drain()
    return text.request !== undefined
  }

  #extend(text: DraftText, parent: ReadNode, tokens: readonly TokenId[]): ReadNode {
    const node = newNode(this.#nextNode++, endOf(parent), tokens, parent)
    parent.next = node
    this.#unread.set(node.id, { text, node })
    const parentId = parent.id === ROOT_NODE ? undefined : parent.id
    this.scheduler.handle({ kind: 'extend', request: text.request!, node: node.id, parent: parentId, tokens })
    return node
  }

  #commit(text: DraftText, node: ReadNode): void {
    if (node === text.committed) return
    text.committed = node
    node.parent = undefined
    this.scheduler.handle({ kind: 'commit', request: text.request!, node: node.id })
  }

  #prune(text: DraftText, node: ReadNode): void {
    node.parent!.next = undefined
    for (let at: ReadNode | undefined = node; at; at = at.next) this.#unread.delete(at.id)
    this.scheduler.handle({ kind: 'prune', request: text.request!, node: node.id })
  }

  /** Nothing of the text will be read any more. */
  #close(text: DraftText): void {
    for (const [id, entry] of this.#unread) if (entry.text === text) this.#unread.delete(id)
    if (text.request !== undefined) this.#byRequest.delete(text.request)
    text.request = undefined
    text.committed = newNode(ROOT_NODE, 0, [], undefined)
  }

  #drain(): void {
    for (let action = this.scheduler.poll(); action !== IDLE; action = this.scheduler.poll()) this.#perform(action)
  }

  #perform(action: SchedulerAction): void {
    if (perform(this.#pipeline, action)) return
    if (action.kind === 'read') this.#report(action.node, action.row)
    else if (action.kind === 'fault') this.#fail(action.request)
    else if (action.kind === 'done' || action.kind === 'finish') this.#lose(action.request)
  }

  /** Row `row` of the returned micro-batch says what follows a node. */
  #report(id: NodeId, row: number): void {
    const unread = this.#unread.get(id)
    if (unread) {
      const { text, node } = unread
      this.#unread.delete(id)
      try {
        node.guesses = this.#guess(text, node, row)
      } catch (error) {
        this.#failed.push({ request: text.choice.request, error })
      }
      if (node.question !== undefined) this.#finish(node.question, node.guesses ?? [])
      node.question = undefined
    }
    this.scheduler.handle({ kind: 'scored' })
  }

  #guess({ ranker, choice }: DraftText, node: ReadNode, row: number): Guess[] {
    if (this.#returned!.nanCount(row) > 0) return []
    const ranked = ranker.rank(this.#returned!.row(row), endOf(node), Math.max(1, node.count))
    // Where the text most likely ends, nothing is guessed.
    if (ranked[0] && choice.stopTokens.has(ranked[0].token)) return []
    const likely = ranked.filter(({ token }) => !choice.stopTokens.has(token))
    return likely.map(({ token, probability }) => ({
      parent: -1,
      token,
      probability: Math.round(probability * PROBABILITY_ONE),
    }))
  }

  #fail(request: RequestId): void {
    const text = this.#byRequest.get(request)
    if (!text) return
    text.hasFailed = true
    this.#lose(request)
    this.scheduler.handle({ kind: 'abort', request })
  }

  /** The text has no room any more: what was asked about it has no answer, and the next question begins it anew. */
  #lose(request: RequestId): void {
    const text = this.#byRequest.get(request)
    if (!text) return
    this.#close(text)
    for (const [question, asked] of this.#open) if (asked.text === text) this.#finish(question, [])
  }

  #finish(question: QuestionNumber, guesses: readonly Guess[]): void {
    this.#open.delete(question)
    this.#answers.push({ question, guesses })
  }
}

/** What a text that is still empty ends with. */
const ROOT_NODE: NodeId = -1

function newNode(id: NodeId, from: Position, tokens: readonly TokenId[], parent: ReadNode | undefined): ReadNode {
  return { id, from, tokens, parent, next: undefined, guesses: undefined, question: undefined, count: 0 }
}

const endOf = ({ from, tokens }: ReadNode): Position => from + tokens.length

/** The last node behind `committed` whose tokens are all those of the text. */
function lastCommon(committed: ReadNode, total: number, tokenAt: (position: Position) => TokenId): ReadNode {
  let node = committed
  for (;;) {
    const { next } = node
    if (!next || endOf(next) > total) return node
    if (!next.tokens.every((token, i) => token === tokenAt(next.from + i))) return node
    node = next
  }
}

function isBehind(first: ReadNode, node: ReadNode): boolean {
  for (let at = first.next; at; at = at.next) if (at === node) return true
  return false
}
