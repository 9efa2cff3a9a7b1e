// The shortest way to the end: for every state the fewest bytes up to its `return`, and a fixed way that takes so many.
// After every byte of that way, the way from the new state is the rest of it: so tokens that spell it keep what was
// promised when the first of them was chosen. Pure.
import type { Grammar, State, StateId } from './grammar.ts'
import type { Frame } from './item-set.ts'
import { ShortestFirst } from './shortest-first.ts'

export interface Closing {
  /** Fewest bytes from each state to its `return`; infinity where there is no way. */
  readonly bytes: Float64Array
  /** Per state of bytes: the byte to take, and where it leads. */
  readonly byte: Uint8Array
  readonly next: Int32Array
}

/** `canSpell`: bytes that are tokens by themselves; no other byte is on a shortest way. */
export function planClosing(grammar: Grammar, canSpell: readonly boolean[]): Closing {
  return new ClosingPlan(grammar, canSpell).plan()
}

/**
 * States in the order of their lengths (Knuth 1977, "A generalization of Dijkstra's algorithm"): a state's length is known
 * when none that is still open can make it shorter, so each is looked at a few times, in whatever order they were made.
 */
class ClosingPlan {
  readonly #states: readonly State[]
  readonly #canSpell: readonly boolean[]
  readonly #closing: Closing
  /** Per state those that need it: the entries of state i end where those of i + 1 begin. */
  readonly #dependentsFrom: Int32Array
  readonly #dependents: Int32Array
  /** Which of the dependent's parts it is. */
  readonly #places: Int32Array
  readonly #isDone: Uint8Array
  readonly #open = new ShortestFirst()

  constructor({ states }: Grammar, canSpell: readonly boolean[]) {
    this.#states = states
    this.#canSpell = canSpell
    this.#closing = {
      bytes: new Float64Array(states.length).fill(Number.POSITIVE_INFINITY),
      byte: new Uint8Array(states.length),
      next: new Int32Array(states.length),
    }
    this.#isDone = new Uint8Array(states.length)
    this.#dependentsFrom = new Int32Array(states.length + 2)
    for (const state of states) eachPart(state, (part) => this.#dependentsFrom[part + 2]!++)
    for (let id = 2; id < states.length + 2; id++) this.#dependentsFrom[id]! += this.#dependentsFrom[id - 1]!
    this.#dependents = new Int32Array(this.#dependentsFrom[states.length + 1]!)
    this.#places = new Int32Array(this.#dependents.length)
    for (const [id, state] of states.entries()) {
      eachPart(state, (part, place) => {
        const at = this.#dependentsFrom[part + 1]!++
        this.#dependents[at] = id
        this.#places[at] = place
      })
    }
  }

  plan(): Closing {
    for (const [id, state] of this.#states.entries()) if (state.kind === 'return') this.#shorten(id, 0)
    for (let id = this.#open.take(); id >= 0; id = this.#open.take()) {
      if (this.#isDone[id] === 1) continue
      this.#isDone[id] = 1
      const end = this.#dependentsFrom[id + 1]!
      for (let at = this.#dependentsFrom[id]!; at < end; at++)
        this.#update(this.#dependents[at]!, id, this.#places[at]!)
    }
    return this.#closing
  }

  /** The length of `part`, which the state needs at `place`, is known. */
  #update(id: StateId, part: StateId, place: number): void {
    const { bytes, byte, next } = this.#closing
    const state = this.#states[id]!
    if (this.#isDone[id] === 1) return
    if (state.kind !== 'bytes') return this.#shorten(id, lengthThrough(state, bytes))
    const length = 1 + bytes[part]!
    if (length >= bytes[id]!) return
    const [low, high] = state.edges[place]!
    const value = this.#canSpell.indexOf(true, low)
    if (value < 0 || value > high) return
    byte[id] = value
    next[id] = part
    this.#shorten(id, length)
  }

  #shorten(id: StateId, length: number): void {
    if (length >= this.#closing.bytes[id]!) return
    this.#closing.bytes[id] = length
    this.#open.add(length, id)
  }
}

/** The states that a state's length is made of. */
function eachPart(state: State, take: (part: StateId, place: number) => void): void {
  switch (state.kind) {
    case 'bytes':
      for (const [place, edge] of state.edges.entries()) take(edge[2], place)
      return
    case 'split':
      for (const [place, to] of state.to.entries()) take(to, place)
      return
    case 'call':
      take(state.start, 0)
      take(state.to, 1)
      return
    case 'repeat':
      take(state.body, 0)
      take(state.to, 1)
  }
}

function lengthThrough(state: Exclude<State, { kind: 'bytes' }>, bytes: Float64Array): number {
  switch (state.kind) {
    case 'return':
      return 0
    case 'split':
      return state.to.reduce((least, to) => Math.min(least, bytes[to]!), Number.POSITIVE_INFINITY)
    case 'call':
      return bytes[state.start]! + bytes[state.to]!
    case 'repeat':
      return (state.least > 0 ? state.least * bytes[state.body]! : 0) + bytes[state.to]!
  }
}

/** Fewest bytes from the end of what a frame waits for to the frame's own `return`. */
export function bytesAfter(states: readonly State[], bytes: Float64Array, caller: StateId, needed: number): number {
  const state = states[caller] as Extract<State, { kind: 'call' | 'repeat' }>
  return (state.kind === 'repeat' && needed > 0 ? needed * bytes[state.body]! : 0) + bytes[state.to]!
}

/** The bytes of the shortest way from a state with what waits for it; `length` of them, as `Closing` has it. */
export function shortestWay(
  grammar: Grammar,
  closing: Closing,
  from: StateId,
  waiting: Frame,
  length: number,
): Uint8Array {
  const way = new Uint8Array(length)
  let at = 0
  let id = from
  /** Innermost last. */
  const frames: { caller: StateId; needed: number }[] = []
  let outer: Frame | undefined = waiting
  for (;;) {
    const state = grammar.states[id]!
    if (state.kind === 'bytes') {
      way[at++] = closing.byte[id]!
      id = closing.next[id]!
    } else if (state.kind === 'split') {
      id = state.to.reduce((best, to) => (closing.bytes[to]! < closing.bytes[best]! ? to : best))
    } else if (state.kind === 'call') {
      frames.push({ caller: id, needed: 0 })
      id = state.start
    } else if (state.kind === 'repeat') {
      if (state.least > 0) frames.push({ caller: id, needed: state.least - 1 })
      id = state.least > 0 ? state.body : state.to
    } else {
      let frame = frames.pop()
      if (!frame) {
        if (outer?.parent === undefined) return way
        frame = { caller: outer.caller, needed: outer.needed }
        outer = outer.parent
      }
      const caller = grammar.states[frame.caller] as Extract<State, { kind: 'call' | 'repeat' }>
      const again = caller.kind === 'repeat' && frame.needed > 0
      if (again) frames.push({ caller: frame.caller, needed: frame.needed - 1 })
      id = caller.kind === 'repeat' && again ? caller.body : caller.to
    }
  }
}
