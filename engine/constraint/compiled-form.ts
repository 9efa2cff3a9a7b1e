// A compiled response format as lists of numbers, which threads may share: it goes from the thread that compiles through
// the caller's to the conductor's. Pure.
import type { Grammar, State } from './grammar.ts'
import type { TokenTrie } from './token-trie.ts'

export interface CompiledForm {
  /** Forms of equal names are equal, and share what is known of them. */
  readonly name: string
  /** The grammar as numbers, see `packGrammar`. */
  readonly numbers: Float64Array
  /** Of the model's vocabulary. */
  readonly trie: TokenTrie
}

const KINDS = ['bytes', 'split', 'call', 'repeat', 'return'] as const satisfies readonly State['kind'][]

/** The start, then of every state its kind, how many numbers follow, and these. */
export function packGrammar({ states, start }: Grammar): Float64Array {
  const parts = states.map(numbersOf)
  const count = parts.reduce((sum, { length }) => sum + 2 + length, 1)
  const numbers = new Float64Array(count)
  numbers[0] = start
  let at = 1
  for (const [id, part] of parts.entries()) {
    numbers[at] = KINDS.indexOf(states[id]!.kind)
    numbers[at + 1] = part.length
    numbers.set(part, at + 2)
    at += 2 + part.length
  }
  return numbers
}

function numbersOf(state: State): readonly number[] {
  switch (state.kind) {
    case 'bytes':
      return state.edges.flat()
    case 'split':
      return state.to
    case 'call':
      return [state.start, state.to]
    case 'repeat':
      return [state.body, state.least, state.most, state.to]
    case 'return':
      return []
  }
}

/** The grammar that was packed. */
export function unpackGrammar(numbers: Float64Array): Grammar {
  const states: State[] = []
  for (let at = 1; at < numbers.length; at += 2 + numbers[at + 1]!) {
    states.push(stateOf(KINDS[numbers[at]!]!, numbers.subarray(at + 2, at + 2 + numbers[at + 1]!)))
  }
  return { states, start: numbers[0]! }
}

function stateOf(kind: State['kind'], numbers: Float64Array): State {
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers
  switch (kind) {
    case 'bytes': {
      const edges: [number, number, number][] = []
      for (let i = 0; i < numbers.length; i += 3) edges.push([numbers[i]!, numbers[i + 1]!, numbers[i + 2]!])
      return { kind, edges }
    }
    case 'split':
      return { kind, to: [...numbers] }
    case 'call':
      return { kind, start: first, to: second }
    case 'repeat':
      return { kind, body: first, least: second, most: third, to: fourth }
    case 'return':
      return { kind }
  }
}
