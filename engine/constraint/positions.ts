// Where a text stands in a grammar: all states it may be in, each with what waits for its end. Positions are made when
// they are first reached and found again, so that a byte that was read before costs one look-up. Pure.
import { GRAMMAR_POSITIONS_MAX } from '../limits.ts'
import { bytesAfter, type Closing } from './closing.ts'
import type { Grammar, State, StateId } from './grammar.ts'

/** A `call` or `repeat` that waits for the end of what it entered. */
export interface Frame {
  readonly id: number
  readonly caller: StateId
  /** Of a repeat: how often its body must, and may, still begin anew. */
  readonly needed: number
  readonly left: number
  /** What waits for the caller; undefined only in the outermost frame, which stands for the end of the text. */
  readonly parent: Frame | undefined
  /** Fewest bytes from here to the end of the text. */
  readonly closeBytes: number
}

/** One state of bytes that the text may be in. */
export interface Configuration {
  readonly state: StateId
  readonly waiting: Frame
  readonly key: number
}

export interface Position {
  readonly configurations: readonly Configuration[]
  /** The text may end here. */
  readonly isEnd: boolean
  /** Fewest bytes to the end of the text. */
  readonly closeBytes: number
  /** Fewest tokens to the end of the text by the shortest ways, once somebody wants to know. */
  closeTokens: number | undefined
  /** By byte; null where the byte cannot come next. */
  next: (Position | null | undefined)[] | undefined
}

export class Positions {
  readonly #grammar: Grammar
  readonly #closing: Closing
  readonly #end: Frame = { id: 0, caller: -1, needed: 0, left: 0, parent: undefined, closeBytes: 0 }
  readonly start: Position
  #frames = new Map<string, Frame>()
  #positions = new Map<string, Position>()
  #frameCount = 1

  constructor(grammar: Grammar, closing: Closing) {
    this.#grammar = grammar
    this.#closing = closing
    this.start = this.#reach([[grammar.start, this.#end]])
  }

  /** The position after one more byte; null where it cannot come. */
  step(position: Position, byte: number): Position | null {
    position.next ??= new Array(256)
    const known = position.next[byte]
    if (known !== undefined) return known
    const entered: [StateId, Frame][] = []
    for (const { state, waiting } of position.configurations) {
      const { edges } = this.#grammar.states[state] as Extract<State, { kind: 'bytes' }>
      for (const [low, high, to] of edges) if (byte >= low && byte <= high) entered.push([to, waiting])
    }
    const reached = entered.length > 0 ? this.#reach(entered) : undefined
    const next = reached && reached.closeBytes < Number.POSITIVE_INFINITY ? reached : null
    position.next[byte] = next
    return next
  }

  /**
   * Forgets what nobody needs when much has gathered: long counted texts never come back to the same position. Returns
   * the position to go on with.
   */
  tidy(position: Position): Position {
    if (this.#positions.size < GRAMMAR_POSITIONS_MAX) return position
    this.#frames = new Map()
    this.#positions = new Map()
    this.start.next = undefined
    return { ...position, next: undefined }
  }

  /** The position of a text that may have entered any of these states. */
  #reach(entered: [StateId, Frame][]): Position {
    const { states } = this.#grammar
    const configurations: Configuration[] = []
    const seen = new Set<number>()
    let isEnd = false
    let closeBytes = Number.POSITIVE_INFINITY
    for (let item = entered.pop(); item; item = entered.pop()) {
      const [id, waiting] = item
      const key = waiting.id * states.length + id
      const length = this.#closing.bytes[id]! + waiting.closeBytes
      if (seen.has(key) || length === Number.POSITIVE_INFINITY) continue
      seen.add(key)
      closeBytes = Math.min(closeBytes, length)
      const state = states[id]!
      if (state.kind === 'bytes') configurations.push({ state: id, waiting, key })
      else if (state.kind === 'return' && waiting === this.#end) isEnd = true
      else this.#follow(state, id, waiting, entered)
    }
    configurations.sort((a, b) => a.key - b.key)
    const name = `${isEnd} ${configurations.map(({ key }) => key).join(' ')}`
    const known = this.#positions.get(name)
    if (known) return known
    const position: Position = { configurations, isEnd, closeBytes, closeTokens: undefined, next: undefined }
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
        return this.#repeat(state, id, state.least, state.most, waiting, entered)
      case 'return': {
        const { caller, needed, left } = waiting
        const parent = waiting.parent!
        const called = states(this.#grammar, caller)
        if (called.kind === 'call') entered.push([called.to, parent])
        else this.#repeat(called, caller, needed, left, parent, entered)
      }
    }
  }

  #repeat(
    { body, to }: Extract<State, { kind: 'repeat' }>,
    id: StateId,
    needed: number,
    left: number,
    waiting: Frame,
    entered: [StateId, Frame][],
  ): void {
    if (needed === 0) entered.push([to, waiting])
    if (left > 0) entered.push([body, this.#frame(id, Math.max(0, needed - 1), left - 1, waiting)])
  }

  #frame(caller: StateId, needed: number, left: number, parent: Frame): Frame {
    const name = `${caller} ${needed} ${left} ${parent.id}`
    const known = this.#frames.get(name)
    if (known) return known
    const after = bytesAfter(this.#grammar.states, this.#closing.bytes, caller, needed)
    const frame = { id: this.#frameCount++, caller, needed, left, parent, closeBytes: after + parent.closeBytes }
    this.#frames.set(name, frame)
    return frame
  }
}

const states = ({ states }: Grammar, caller: StateId) => states[caller] as Extract<State, { kind: 'call' | 'repeat' }>
