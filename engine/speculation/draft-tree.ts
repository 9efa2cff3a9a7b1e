// What has been drafted for one sequence and is still possible: a tree of tokens whose root is the newest certain one.
// A token that becomes certain makes the child that guessed it the root; everything beside it is forgotten. So drafts
// that turn out right are never drafted again, and a sibling that is right keeps all that was built on it.
import type { Position, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { Learner } from './advisor.ts'
import { selectGuesses } from './cutoff.ts'
import { type Guess, joint, PROBABILITY_ONE } from './guess.ts'
import type { DraftParameters } from './parameters.ts'
import { POLICIES } from './policies/index.ts'
import type { Policy } from './policies/policy.ts'

/** Leaves of a tree: PipeInfer's authors advise 3 or 4 branches. */
const BRANCHES_MAX = 4

/** `Row`: what the scheduler has in flight for a token. */
export class DraftNode<Row> {
  readonly token: TokenId
  readonly position: Position
  /** How likely the path from the root is, in 1 / PROBABILITY_ONE. */
  reach: number
  /** The drafter's own probability of it behind its parent. */
  readonly claim: number
  readonly parent: DraftNode<Row> | undefined
  readonly children: DraftNode<Row>[] = []
  /** Set once it is submitted. */
  row: Row | undefined = undefined
  /** The drafter has been asked what follows; it may not have answered yet. */
  asked = false
  /** Its answer, while the best guess in it is below the cutoff. */
  held: readonly Guess[] | undefined = undefined
  /** It is not in the tree any more. */
  isForgotten = false

  /** Behind `parent`; without one a root. */
  constructor(
    token: TokenId,
    position: Position,
    reach = PROBABILITY_ONE,
    claim = PROBABILITY_ONE,
    parent?: DraftNode<Row>,
  ) {
    this.token = token
    this.position = position
    this.reach = reach
    this.claim = claim
    this.parent = parent
  }
}

export class DraftTree<Row> {
  readonly parameters: DraftParameters
  /** How to speculate at present. */
  policy: Policy
  /** Most drafted tokens of a round (`sync`) or a micro-batch (`pipe`) at present. */
  nMax: number
  /** Guesses with less than this chance, as the policy sees it, are not worth their row. */
  worthMin = 0
  /** Tokens that had been guessed right in time for a row. */
  acceptedCount = 0
  /** Learns how good the drafts are. */
  learner: Learner | undefined
  root: DraftNode<Row>
  /** The node the drafter works on. */
  working: DraftNode<Row> | undefined
  /** Micro-batches of drafts sent, and attempts that failed, since the newest token became certain. */
  sent = 0
  failed = 0
  /** Nodes without children. */
  #tips: DraftNode<Row>[]
  /** Drafted and not submitted. */
  #pending: DraftNode<Row>[] = []

  constructor(parameters: DraftParameters, token: TokenId, position: Position) {
    this.parameters = parameters
    this.policy = POLICIES[parameters.policy === 'auto' ? 'off' : parameters.policy]
    this.nMax = parameters.nMax
    this.root = new DraftNode(token, position)
    this.#tips = [this.root]
  }

  /** Drafted and not submitted. */
  get pendingCount(): number {
    return this.#pending.length
  }

  /** What to send of these, the likeliest first, parents before their children. */
  pending(): readonly DraftNode<Row>[] {
    return this.policy.select(this.#pending.toSorted((a, b) => b.reach - a.reach || a.position - b.position))
  }

  /** The likeliest place to draft at, of those before `positionEnd`. */
  openTip(positionEnd: Position): DraftNode<Row> | undefined {
    let best: DraftNode<Row> | undefined
    for (const tip of this.#tips) {
      if (tip.asked || tip.position >= positionEnd) continue
      if (!best || tip.reach > best.reach) best = tip
    }
    return best
  }

  /** The tokens from behind the root to `node`. */
  pathTo(node: DraftNode<Row>): TokenId[] {
    const path: TokenId[] = []
    for (let at: DraftNode<Row> = node; at !== this.root; at = at.parent!) path.push(at.token)
    return path.reverse()
  }

  /** The node is submitted as `row`. */
  submit(node: DraftNode<Row>, row: Row): void {
    node.row = row
    this.#pending.splice(this.#pending.indexOf(node), 1)
  }

  /** The token after the root is certain. */
  advance(token: TokenId): void {
    const { root } = this
    const next = root.children.find((child) => child.token === token)
    root.isForgotten = true
    this.#learn(token)
    if (next?.row) this.acceptedCount++
    for (const child of root.children) if (child !== next) this.#forget(child)
    this.root = next ?? new DraftNode<Row>(token, root.position + 1)
    if (next) rebase(next, next.reach)
    this.#tips = next ? this.#tips.filter(({ isForgotten }) => !isForgotten) : [this.root]
    this.#pending = this.#pending.filter((node) => !node.isForgotten && node !== next)
    if (this.working?.isForgotten) this.working = undefined
    this.sent = 0
    this.failed = 0
    // A drafter with nothing to say there knows a longer text now.
    const isDry = this.root.asked && !this.root.held && this.working !== this.root
    if (isDry && this.root.children.length === 0) this.root.asked = false
    this.retryHeld(false)
    // Now that it is certain, what follows it is nearer.
    if (this.policy.retries === 'certain' && this.worthMin > 0 && this.root.held)
      this.#extend(this.root, this.root.held)
  }

  /** `token` follows the root. */
  #learn(token: TokenId): void {
    const { root, learner } = this
    const { children, held } = root
    if (!learner) return
    const isGuess = (guess: { readonly token: TokenId }) => guess.token === token
    for (const { claim, token: guess } of children) learner.noteClaim(claim, guess === token)
    for (const guess of held ?? []) learner.noteClaim(guess.probability, isGuess(guess))
    // Of a question that is late nothing is known. What is not worth its row under this policy may be under another.
    if (!root.asked || this.working === root) return
    const guesses = held ? selectGuesses(held, this.parameters, this, 0) : children
    learner.noteToken(guesses.length > 0, guesses.some(isGuess))
  }

  #forget(node: DraftNode<Row>): void {
    node.isForgotten = true
    for (const child of node.children) this.#forget(child)
  }

  /** Takes the drafter's answer for `working`, as far as the cutoff allows. Tokens outside the vocabulary are dropped. */
  answer(guesses: readonly Guess[], vocabularySize: number, positionEnd: Position): void {
    const node = this.working
    assert(node, 'an answer nobody asked for')
    this.working = undefined
    const take = (parent: DraftNode<Row>, index: number): void => {
      const next = guesses.filter((guess) => guess.parent === index && isToken(guess.token, vocabularySize))
      if (next.length === 0 || parent.position >= positionEnd) return
      parent.asked = this.pendingCount < this.nMax
      if (!parent.asked) return
      for (const [child, guess] of this.#extend(parent, next)) take(child, guesses.indexOf(guess))
    }
    take(node, -1)
  }

  /** Adds what the cutoff lets pass behind `node`; holds the rest back when nothing passes. */
  #extend(node: DraftNode<Row>, guesses: readonly Guess[]): [DraftNode<Row>, Guess][] {
    const room = this.nMax - this.pendingCount
    const siblings = Math.max(0, Math.min(BRANCHES_MAX - this.#tips.length, room - 1))
    const taken = this.#select(node, guesses, siblings)
    node.held = taken.length === 0 ? guesses : undefined
    if (taken.length === 0) this.failed++
    else this.#tips.splice(this.#tips.indexOf(node), 1)
    return taken.map((guess) => {
      const { token, probability } = guess
      const child = new DraftNode(token, node.position + 1, this.#reach(node, guess), probability, node)
      node.children.push(child)
      this.#tips.push(child)
      this.#pending.push(child)
      return [child, guess]
    })
  }

  /** What the cutoff lets pass behind `node`, and is worth its row. */
  #select(node: DraftNode<Row>, guesses: readonly Guess[], siblings: number): Guess[] {
    const taken = selectGuesses(guesses, this.parameters, this, siblings)
    const worth = (guess: Guess) => this.policy.worth({ own: this.#chance(guess), path: this.#reach(node, guess) })
    return taken.filter((guess) => worth(guess) >= this.worthMin)
  }

  #chance({ probability }: Guess): number {
    return this.learner?.trueChance(probability) ?? probability
  }

  #reach(node: DraftNode<Row>, guess: Guess): number {
    return joint(node.reach, this.#chance(guess))
  }

  /** Where the policy does so, tries what was held back again, as the thresholds may have changed. `counts`: a failure is an attempt. */
  retryHeld(counts: boolean): void {
    if (this.policy.retries !== 'always') return
    const { failed } = this
    for (const tip of this.#tips.slice()) {
      if (tip.held && this.pendingCount < this.nMax) this.#extend(tip, tip.held)
    }
    if (!counts) this.failed = failed
    else if (this.failed > failed) this.failed = failed + 1
  }

  /** Forgets a node that cannot be submitted, and all behind it. */
  drop(node: DraftNode<Row>): void {
    const parent = node.parent!
    parent.children.splice(parent.children.indexOf(node), 1)
    this.#forget(node)
    this.#tips = this.#tips.filter(({ isForgotten }) => !isForgotten)
    if (parent.children.length === 0) this.#tips.push(parent)
    this.#pending = this.#pending.filter(({ isForgotten }) => !isForgotten)
    if (this.working?.isForgotten) this.working = undefined
  }
}

/** `root` is certain now, which had been reached with chance `by`. */
function rebase<Row>(root: DraftNode<Row>, by: number): void {
  root.reach = Math.min(PROBABILITY_ONE, Math.round((root.reach * PROBABILITY_ONE) / Math.max(1, by)))
  for (const child of root.children) rebase(child, by)
}

const isToken = (token: TokenId, vocabularySize: number): boolean =>
  Number.isInteger(token) && token >= 0 && token < vocabularySize
