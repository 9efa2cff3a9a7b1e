// Live texts: what a draft model reads. The driver extends a text, commits what has become certain and prunes what has
// not; the sequence keeps its id, its cells and its row of the cell table, so that a step costs only what is new. Texts
// give way: one without room is refused at once, one that keeps a request from its room is ended, the longest unused
// first, and their rows go out when nobody else's do.
//
// A node is some consecutive tokens of a text, evaluated once. Its rows are assumed until the node is committed; a node
// that is pruned takes everything behind it along, which is all that can see its cells (the cancel law). A text is
// linear: a node has one continuation, in the sequence's own cells, so its rows read all of it through the cell table,
// and another continuation overwrites a pruned one (the FIFO law: its writer comes behind the last reader).
import type { Position, TokenId } from '../domain.ts'
import { assert } from '../errors.ts'
import type { NodeId, RequestId, SchedulerEvent, SchedulerLimits } from './events.ts'
import type { Flight, Group } from './run.ts'
import type { RunTable } from './run-table.ts'
import type { RequestRecord, Sequence } from './sequence.ts'

type Extension = Extract<SchedulerEvent, { kind: 'extend' }>

/** Tokens of a text that were appended together. */
interface TextNode {
  readonly sequence: Sequence
  readonly id: NodeId
  readonly parent: TextNode | undefined
  /** Position of the first token. */
  readonly from: Position
  readonly tokens: readonly TokenId[]
  /** Of these so many are submitted. */
  submitted: number
  isCommitted: boolean
  /** Its continuation. */
  next: TextNode | undefined
  /** In flight or being judged, and not withdrawn. */
  rows: Group[]
}

export const endOf = ({ from, tokens }: Pick<TextNode, 'from' | 'tokens'>): Position => from + tokens.length

interface LiveText {
  readonly sequence: Sequence
  /** The first node that is not forgotten. */
  first: TextNode | undefined
  readonly nodes: Map<NodeId, TextNode>
}

export class Texts {
  readonly #limits: SchedulerLimits
  readonly #runTable: RunTable
  readonly #texts = new Map<RequestId, LiveText>()
  /** Nodes with tokens to submit, in the order of their extension. */
  readonly #waiting: TextNode[] = []

  constructor(limits: SchedulerLimits, runTable: RunTable) {
    this.#limits = limits
    this.#runTable = runTable
  }

  /** Nodes with tokens to submit. */
  get waiting(): readonly TextNode[] {
    return this.#waiting
  }

  nodesOf(request: RequestId): Iterable<TextNode> {
    return this.#texts.get(request)?.nodes.values() ?? []
  }

  begin({ id, sequences }: RequestRecord): void {
    this.#texts.set(id, { sequence: sequences[0]!, first: undefined, nodes: new Map() })
  }

  /** The one that has not grown for longest. */
  get idlest(): RequestId | undefined {
    return this.#texts.keys().next().value
  }

  /** Forgets the text; its rows in flight have been withdrawn. */
  end(request: RequestId): void {
    const text = this.#texts.get(request)
    if (!text) return
    this.#texts.delete(request)
    const left = this.#waiting.filter(({ sequence }) => sequence !== text.sequence)
    this.#waiting.splice(0, this.#waiting.length, ...left)
  }

  extend({ request, node: id, parent: parentId, tokens }: Extension): void {
    const text = this.#texts.get(request)
    if (!text) return
    this.#texts.delete(request)
    this.#texts.set(request, text)
    const { sequence, nodes } = text
    const parent = parentId === undefined ? undefined : this.#nodeOf(text, parentId)
    const from = parent ? endOf(parent) : 0
    assert(tokens.length > 0 && from + tokens.length <= sequence.lengthMax, `a text grows to ${from + tokens.length}`)
    assert(!nodes.has(id) && !(parent ? parent.next : text.first), `node ${id} is a second continuation`)
    const node: TextNode = {
      ...{ sequence, id, parent, from, tokens, submitted: 0 },
      ...{ isCommitted: false, next: undefined, rows: [] },
    }
    if (parent) parent.next = node
    else text.first = node
    nodes.set(id, node)
    this.#waiting.push(node)
  }

  /** The text up to the end of this node is certain. */
  commit(request: RequestId, id: NodeId): void {
    const text = this.#texts.get(request)
    if (!text) return
    const last = this.#nodeOf(text, id)
    for (let node: TextNode | undefined = last; node && !node.isCommitted; node = node.parent) {
      node.isCommitted = true
      for (const row of node.rows) this.#runTable.commit(row)
    }
    text.sequence.length = endOf(last)
    // Nobody continues or prunes what lies before it any more.
    for (let node = last.parent; node && text.nodes.delete(node.id); node = node.parent);
    text.first = last
  }

  /** The node, which is not committed, and all behind it are of no use any more. */
  prune(request: RequestId, id: NodeId): void {
    const text = this.#texts.get(request)
    if (!text) return
    const node = this.#nodeOf(text, id)
    assert(!node.isCommitted, `node ${id} is pruned and was committed`)
    if (node.parent) node.parent.next = undefined
    else text.first = undefined
    for (let at: TextNode | undefined = node; at; at = at.next) {
      text.nodes.delete(at.id)
      this.#stopWaiting(at)
      for (const row of at.rows) this.#runTable.withdraw(row, 'reject')
      at.rows = []
    }
  }

  #nodeOf(text: LiveText, id: NodeId): TextNode {
    const node = text.nodes.get(id)
    assert(node, `node ${id} is not in its text`)
    return node
  }

  #stopWaiting(node: TextNode): void {
    const index = this.#waiting.indexOf(node)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  /** All that is to be known of the row is known. */
  judged(row: Group): void {
    const node = this.#texts.get(row.owner.request.id)?.nodes.get(row.node)
    const index = node?.rows.indexOf(row) ?? -1
    if (index >= 0) node!.rows.splice(index, 1)
  }

  /** Submits what fits a micro-batch: tokens of several nodes side by side, of the last one perhaps a piece. */
  submit(): Flight | undefined {
    for (let left = this.#limits.chunkRows; left > 0; ) {
      const [node] = this.#waiting
      if (!node || this.#runTable.openHeadsLeft === 0) break
      const count = Math.min(tokensLeft(node), left, this.#runTable.openRowsLeft)
      this.#add(node, count)
      if (tokensLeft(node) === 0) this.#waiting.shift()
      left -= count
    }
    return this.#runTable.submit()
  }

  #add(node: TextNode, count: number): void {
    const { sequence, tokens, from: tokensFrom } = node
    const from = tokensFrom + node.submitted
    // What follows the last token of a node is asked for.
    const span = {
      sequence,
      from,
      end: from + count,
      tokens,
      tokensFrom,
      headFrom: endOf(node) - 1,
      head: 'top',
    } as const
    node.rows.push(this.#runTable.addText(this.#runTable.startRun(), node, span))
    node.submitted += count
    sequence.committedLength = Math.min(sequence.length, tokensFrom + node.submitted)
  }
}

const tokensLeft = ({ tokens, submitted }: TextNode): number => tokens.length - submitted
