// What has been drafted for one sequence and is still possible: a tree of tokens whose root is the newest certain one.
// A token that becomes certain makes the child that guessed it the root; everything beside it is forgotten. So drafts
// that turn out right are never drafted again, and a sibling that is right keeps all that was built on it.
import type { Position, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import { selectGuesses } from './cutoff.ts'
import { type Guess, joint, PROBABILITY_ONE } from './guess.ts'
import type { DraftParameters } from './parameters.ts'

/** Leaves of a tree: PipeInfer's authors advise 3 or 4 branches. */
const BRANCHES_MAX = 4

/** `Row`: what the scheduler has in flight for a token. */
export class DraftNode<Row> {
  readonly token: TokenId
  readonly position: Position
  /** How likely the path from the root was when it was drafted, in 1 / PROBABILITY_ONE. */
  readonly reach: number
  parent: DraftNode<Row> | undefined
  readonly children: DraftNode<Row>[] = []
  /** Set once it is submitted. */
  row: Row | undefined = undefined
  /** The drafter has been asked what follows; it may not have answered yet. */
  asked = false
  /** Its answer, while the best guess in it is below the cutoff. */
  held: readonly Guess[] | undefined = undefined

  constructor(token: TokenId, position: Position, reach: number, parent: DraftNode<Row> | undefined) {
    this.token = token
    this.position = position
    this.reach = reach
    this.parent = parent
  }

  get isTip(): boolean {
    return this.children.length === 0
  }
}

export class DraftTree<Row> {
  readonly parameters: DraftParameters
  root: DraftNode<Row>
  /** The node the drafter works on. */
  working: DraftNode<Row> | undefined
  /** Micro-batches of drafts sent, and attempts that failed, since the newest token became certain. */
  sent = 0
  failed = 0

  constructor(parameters: DraftParameters, token: TokenId, position: Position) {
    this.parameters = parameters
    this.root = new DraftNode(token, position, PROBABILITY_ONE, undefined)
  }

  /** All nodes behind the root, parents before their children. */
  *nodes(from: DraftNode<Row> = this.root): Generator<DraftNode<Row>, void, undefined> {
    for (const child of from.children) {
      yield child
      yield* this.nodes(child)
    }
  }

  /** Drafted and not submitted, the likeliest first, parents before their children. */
  pending(): DraftNode<Row>[] {
    const found: DraftNode<Row>[] = []
    for (const node of this.nodes()) if (node.row === undefined) found.push(node)
    return found.sort((a, b) => b.reach - a.reach || a.position - b.position)
  }

  /** Drafted and not submitted. */
  pendingCount(): number {
    let count = 0
    for (const node of this.nodes()) if (node.row === undefined) count++
    return count
  }

  /** The likeliest place to draft at, of those before `positionEnd`. */
  openTip(positionEnd: Position): DraftNode<Row> | undefined {
    let best: DraftNode<Row> | undefined
    const consider = (node: DraftNode<Row>) => {
      if (!node.isTip || node.asked || node.position >= positionEnd) return
      if (!best || node.reach > best.reach) best = node
    }
    consider(this.root)
    for (const node of this.nodes()) consider(node)
    return best
  }

  /** The tokens from behind the root to `node`. */
  pathTo(node: DraftNode<Row>): TokenId[] {
    const path: TokenId[] = []
    for (let at: DraftNode<Row> = node; at !== this.root; at = at.parent!) path.push(at.token)
    return path.reverse()
  }

  /** The token after the root is certain. */
  advance(token: TokenId): void {
    const { root } = this
    const next = root.children.find((child) => child.token === token)
    this.root = next ?? new DraftNode<Row>(token, root.position + 1, PROBABILITY_ONE, undefined)
    this.root.parent = undefined
    this.sent = 0
    this.failed = 0
    // A drafter with nothing to say there knows a longer text now.
    if (this.root.isTip && !this.root.held && this.working !== this.root) this.root.asked = false
    if (this.working && !this.#contains(this.working)) this.working = undefined
    this.retryHeld(false)
  }

  #contains(node: DraftNode<Row>): boolean {
    let at: DraftNode<Row> | undefined = node
    while (at && at !== this.root) at = at.parent
    return at === this.root
  }

  /** Takes the drafter's answer for `working`, as far as the cutoff allows. Tokens outside the vocabulary are dropped. */
  answer(guesses: readonly Guess[], vocabularySize: number, positionEnd: Position): void {
    const node = this.working
    assert(node, 'an answer nobody asked for')
    this.working = undefined
    const take = (parent: DraftNode<Row>, index: number): void => {
      const next = guesses.filter((guess) => guess.parent === index && isToken(guess.token, vocabularySize))
      if (next.length === 0 || parent.position >= positionEnd) return
      parent.asked = this.pendingCount() < this.parameters.nMax
      if (!parent.asked) return
      for (const [child, guess] of this.#extend(parent, next)) take(child, guesses.indexOf(guess))
    }
    take(node, -1)
  }

  /** Adds what the cutoff lets pass behind `node`; holds the rest back when nothing passes. */
  #extend(node: DraftNode<Row>, guesses: readonly Guess[]): [DraftNode<Row>, Guess][] {
    const room = this.parameters.nMax - this.pendingCount()
    const siblings = Math.max(0, Math.min(BRANCHES_MAX - this.#tipCount(), room - 1))
    const taken = selectGuesses(guesses, this.parameters, this, siblings)
    node.held = taken.length === 0 ? guesses : undefined
    if (taken.length === 0) this.failed++
    return taken.map((guess) => {
      const { token, probability } = guess
      const child = new DraftNode(token, node.position + 1, joint(node.reach, probability), node)
      node.children.push(child)
      return [child, guess]
    })
  }

  #tipCount(): number {
    let count = 0
    for (const node of this.nodes()) if (node.isTip) count++
    return Math.max(1, count)
  }

  /** `pipe`: tries what was held back again, as the thresholds may have changed. `counts`: a failure is an attempt. */
  retryHeld(counts: boolean): void {
    if (this.parameters.policy === 'sync') return
    const { failed } = this
    for (const node of [this.root, ...this.nodes()]) {
      if (node.held && this.pendingCount() < this.parameters.nMax) this.#extend(node, node.held)
    }
    if (!counts) this.failed = failed
    else if (this.failed > failed) this.failed = failed + 1
  }

  /** Forgets a node that cannot be submitted, and all behind it. */
  drop(node: DraftNode<Row>): void {
    const { children } = node.parent!
    children.splice(children.indexOf(node), 1)
    if (this.working && !this.#contains(this.working)) this.working = undefined
  }
}

const isToken = (token: TokenId, vocabularySize: number): boolean =>
  Number.isInteger(token) && token >= 0 && token < vocabularySize
