// Where a text stands in a grammar: all states it may be in, each with what waits for its end. Positions are made when
// they are first reached and found again, so that a byte that was read before costs one look-up. Pure.
import { TsinferError } from '../errors.ts'
import { ALTERNATIVES_MAX, CONSTRAINT_WORK_MAX, GRAMMAR_POSITIONS_MAX } from '../limits.ts'
import { type ByteClasses, byteClasses } from './byte-classes.ts'
import { bytesAfter, type Closing } from './closing.ts'
import type { Grammar, State, StateId } from './grammar.ts'
import type { Configuration, Frame, ItemSet } from './item-set.ts'

/** What a new frame or position counts for, in steps: they take memory. */
const KEEPING_WORK = 16

export class Positions {
  readonly #grammar: Grammar
  readonly #closing: Closing
  readonly #classes: ByteClasses
  readonly #end: Frame = { id: 0, caller: -1, needed: 0, left: 0, parent: undefined, closeBytes: 0 }
  readonly start: ItemSet
  #frames = new Map<string, Frame>()
  #positions = new Map<string, ItemSet>()
  #frameCount = 1
  /** Steps until an answer is given up. Whoever makes one in pieces puts back what he had left. */
  workLeft = CONSTRAINT_WORK_MAX

  constructor(grammar: Grammar, closing: Closing) {
    this.#grammar = grammar
    this.#closing = closing
    this.#classes = byteClasses(grammar)
    this.start = this.#reach([[grammar.start, this.#end]])
  }

  /** A new question begins. */
  beginWork(): number {
    this.workLeft = CONSTRAINT_WORK_MAX
    return this.workLeft
  }

  /** Throws `option_invalid` when a question takes more than it may: the text has too many alternatives at once. */
  work(steps: number): void {
    this.workLeft -= steps
    if (this.workLeft >= 0) return
    const expected = 'alternatives that can be told apart as they are written'
    throw new TsinferError('option_invalid', `responseFormat: expected ${expected}, found too many that cannot`)
  }

  /** The position after one more byte; null where it cannot come. */
  step(position: ItemSet, byte: number): ItemSet | null {
    position.next ??= new Array(this.#classes.count)
    const byteClass = this.#classes.of[byte]!
    const known = position.next[byteClass]
    if (known !== undefined) return known
    const entered: [StateId, Frame][] = []
    for (const { state, waiting } of position.configurations) {
      const { edges } = this.#grammar.states[state] as Extract<State, { kind: 'bytes' }>
      this.work(edges.length)
      for (const [low, high, to] of edges) if (byte >= low && byte <= high) entered.push([to, waiting])
    }
    const reached = entered.length > 0 ? this.#reach(entered) : undefined
    const next = reached && reached.closeBytes < Number.POSITIVE_INFINITY ? reached : null
    position.next[byteClass] = next
    return next
  }

  /** Much has gathered: long counted texts never come back to the same position. */
  get isFull(): boolean {
    return this.#positions.size >= GRAMMAR_POSITIONS_MAX
  }

  /** Forgets what nobody needs. Returns the position to go on with. */
  tidy(position: ItemSet): ItemSet {
    this.#frames = new Map()
    this.#positions = new Map()
    this.start.next = undefined
    return { ...position, next: undefined }
  }

  /** The position of a text that may have entered any of these states. */
  #reach(entered: [StateId, Frame][]): ItemSet {
    const { states } = this.#grammar
    const reached: Configuration[] = []
    const seen = new Set<number>()
    let isEnd = false
    let least = Number.POSITIVE_INFINITY
    for (let item = entered.pop(); item; item = entered.pop()) {
      this.work(1)
      const [id, waiting] = item
      const key = waiting.id * states.length + id
      const length = this.#closing.bytes[id]! + waiting.closeBytes
      if (seen.has(key) || length === Number.POSITIVE_INFINITY) continue
      seen.add(key)
      least = Math.min(least, length)
      const state = states[id]!
      if (state.kind === 'bytes') reached.push({ state: id, waiting, key, closeBytes: length })
      else if (state.kind === 'return' && waiting === this.#end) isEnd = true
      else this.#follow(state, id, waiting, entered)
    }
    const configurations = (reached.length > ALTERNATIVES_MAX ? nearest(reached) : reached).sort(
      (a, b) => a.key - b.key,
    )
    const name = `${isEnd} ${configurations.map(({ key }) => key).join(' ')}`
    const known = this.#positions.get(name)
    if (known) return known
    this.work(KEEPING_WORK)
    const position: ItemSet = {
      configurations,
      isEnd,
      closeBytes: least,
      closeTokens: Number.POSITIVE_INFINITY,
      isCounted: false,
      next: undefined,
    }
    this.#positions.set(name, position)
    return position
  }

  /** Pushes the states that a state leads to without a byte. */
  #follow(state: Exclude<State, { kind: 'bytes' }>, id: StateId, waiting: Frame, entered: [StateId, Frame][]): void {
    switch (state.kind) {
      case 'split':
        for (const to of state.to) entered.push([to, waiting])
        return
      case 'call':
        entered.push([state.start, this.#frame(id, 0, 0, waiting)])
        return
      case 'repeat':
        return this.#repeat(state, { caller: id, needed: state.least, left: state.most }, waiting, entered)
      case 'return': {
        const parent = waiting.parent!
        const called = states(this.#grammar, waiting.caller)
        if (called.kind === 'call') entered.push([called.to, parent])
        else this.#repeat(called, waiting, parent, entered)
      }
    }
  }

  /** Pushes where a repeat goes on that must, and may, still have its body so often. */
  #repeat(
    { body, to }: Extract<State, { kind: 'repeat' }>,
    { caller, needed, left }: Pick<Frame, 'caller' | 'needed' | 'left'>,
    waiting: Frame,
    entered: [StateId, Frame][],
  ): void {
    if (needed === 0) entered.push([to, waiting])
    if (left > 0) entered.push([body, this.#frame(caller, Math.max(0, needed - 1), left - 1, waiting)])
  }

  #frame(caller: StateId, needed: number, left: number, parent: Frame): Frame {
    const name = `${caller} ${needed} ${left} ${parent.id}`
    const known = this.#frames.get(name)
    if (known) return known
    const after = bytesAfter(this.#grammar.states, this.#closing.bytes, caller, needed)
    this.work(KEEPING_WORK)
    const frame = { id: this.#frameCount++, caller, needed, left, parent, closeBytes: after + parent.closeBytes }
    this.#frames.set(name, frame)
    return frame
  }
}

const states = ({ states }: Grammar, caller: StateId) => states[caller] as Extract<State, { kind: 'call' | 'repeat' }>

/**
 * Some of the alternatives, where a text may be read in hundreds of ways: of every state those closest to the end. Which
 * they are does not depend on what was reached before.
 */
function nearest(reached: readonly Configuration[]): Configuration[] {
  const sorted = reached.toSorted(
    (a, b) => a.state - b.state || a.closeBytes - b.closeBytes || compareFrames(a.waiting, b.waiting),
  )
  let rank = 0
  const ranked = sorted.map((configuration, i) => {
    rank = configuration.state === sorted[i - 1]?.state ? rank + 1 : 0
    return { configuration, rank }
  })
  return ranked
    .sort((a, b) => a.rank - b.rank || a.configuration.closeBytes - b.configuration.closeBytes)
    .slice(0, ALTERNATIVES_MAX)
    .map(({ configuration }) => configuration)
}

function compareFrames(one: Frame, two: Frame): number {
  let a: Frame | undefined = one
  let b: Frame | undefined = two
  while (a !== b && a && b) {
    const difference = a.caller - b.caller || a.needed - b.needed || compareCounts(a.left, b.left)
    if (difference !== 0) return difference
    a = a.parent
    b = b.parent
  }
  return 0
}

/** Counts may be infinite. */
const compareCounts = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)
