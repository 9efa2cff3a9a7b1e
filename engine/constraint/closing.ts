// The shortest way to the end: for every state the fewest bytes up to its `return`, and a fixed way that takes so many.
// After every byte of that way, the way from the new state is the rest of it: so tokens that spell it keep what was
// promised when the first of them was chosen. Pure.
import type { Grammar, State, StateId } from './grammar.ts'
import type { Frame } from './item-set.ts'

export interface Closing {
  /** Fewest bytes from each state to its `return`; infinity where there is no way. */
  readonly bytes: Float64Array
  /** Per state of bytes: the byte to take, and where it leads. */
  readonly byte: Uint8Array
  readonly next: Int32Array
}

/** `canSpell`: bytes that are tokens by themselves; no other byte is on a shortest way. */
export function planClosing({ states }: Grammar, canSpell: readonly boolean[]): Closing {
  const bytes = new Float64Array(states.length).fill(Number.POSITIVE_INFINITY)
  const byte = new Uint8Array(states.length)
  const next = new Int32Array(states.length)
  const spelled = (low: number, high: number): number => {
    for (let value = low; value <= high; value++) if (canSpell[value]) return value
    return -1
  }
  const lengthOf = (state: State, id: StateId): number => {
    if (state.kind !== 'bytes') return lengthThrough(state, bytes)
    let least = bytes[id]!
    for (const [low, high, to] of state.edges) {
      const value = 1 + bytes[to]! < least ? spelled(low, high) : -1
      if (value < 0) continue
      least = 1 + bytes[to]!
      byte[id] = value
      next[id] = to
    }
    return least
  }
  // States are built from the end, so nearly all of what a state needs is known before it.
  for (let changed = true; changed; ) {
    changed = false
    for (let id = 0; id < states.length; id++) {
      const length = lengthOf(states[id]!, id)
      if (length >= bytes[id]!) continue
      bytes[id] = length
      changed = true
    }
  }
  return { bytes, byte, next }
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
