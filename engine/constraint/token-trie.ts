// The vocabulary as a tree of bytes, in preorder: a walk that finds a byte impossible leaps over all tokens that go on
// from it. Pure.
import type { TokenId } from '../domain.ts'
import type { TokenBytes } from '../sampling/stop-strings.ts'

export interface TokenTrie {
  /** Per node below the root, in preorder: its byte, */
  readonly bytes: Uint8Array
  /** how many bytes lead to it, */
  readonly depths: Int32Array
  /** the node after its subtree, */
  readonly ends: Int32Array
  /** and the first of its tokens in `tokens`; those of node i end where those of i + 1 begin. */
  readonly tokensFrom: Int32Array
  readonly tokens: Int32Array
  /** Bytes of the longest token. */
  readonly longest: number
  /** 1 per token in the trie. */
  readonly contains: Uint8Array
}

/** A trie of all tokens that print something, without those in `excluded`. */
export function buildTokenTrie({ bytes, offsets }: TokenBytes, excluded: ArrayLike<TokenId>): TokenTrie {
  const count = offsets.length - 1
  const contains = Uint8Array.from({ length: count }, (_, id) => (offsets[id + 1]! > offsets[id]! ? 1 : 0))
  for (const id of Array.from(excluded)) if (id < count) contains[id] = 0
  const lengthOf = (id: TokenId) => offsets[id + 1]! - offsets[id]!
  const tokens = Int32Array.from({ length: count }, (_, id) => id).filter((id) => contains[id] === 1)
  tokens.sort((a, b) => {
    const from = offsets[a]!
    const other = offsets[b]!
    const shared = Math.min(lengthOf(a), lengthOf(b))
    for (let i = 0; i < shared; i++) {
      const difference = bytes[from + i]! - bytes[other + i]!
      if (difference !== 0) return difference
    }
    return lengthOf(a) - lengthOf(b) || a - b
  })
  const nodesMax = tokens.reduce((sum, id) => sum + lengthOf(id), 0)
  const nodeBytes = new Uint8Array(nodesMax)
  const depths = new Int32Array(nodesMax)
  const ends = new Int32Array(nodesMax)
  const tokensFrom = new Int32Array(nodesMax + 1)
  /** The node at each depth on the way to the newest one. */
  const path: number[] = []
  let nodes = 0
  tokens.forEach((id, i) => {
    const from = offsets[id]!
    const length = lengthOf(id)
    let depth = 0
    while (depth < Math.min(path.length, length) && nodeBytes[path[depth]!] === bytes[from + depth]) depth++
    for (const left of path.splice(depth)) ends[left] = nodes
    for (; depth < length; depth++) {
      path.push(nodes)
      nodeBytes[nodes] = bytes[from + depth]!
      depths[nodes] = depth + 1
      tokensFrom[nodes] = i
      nodes++
    }
    tokensFrom[nodes] = i + 1
  })
  for (const left of path) ends[left] = nodes
  return {
    bytes: nodeBytes.slice(0, nodes),
    depths: depths.slice(0, nodes),
    ends: ends.slice(0, nodes),
    tokensFrom: tokensFrom.slice(0, nodes + 1),
    tokens,
    longest: depths.reduce((most, depth) => Math.max(most, depth), 0),
    contains,
  }
}

/** Whether the byte alone is a token. */
export const hasByteToken = (trie: TokenTrie): boolean[] => {
  const has = new Array<boolean>(256).fill(false)
  for (let node = 0; node < trie.bytes.length; node = trie.ends[node]!) {
    has[trie.bytes[node]!] = trie.tokensFrom[node + 1]! > trie.tokensFrom[node]!
  }
  return has
}

/** The fewest tokens that spell the bytes; infinity where none do. */
export function fewestTokens(trie: TokenTrie, text: Uint8Array): number {
  const { bytes, ends, tokensFrom } = trie
  /** Per byte: tokens that spell the text from there on. */
  const fewest = new Float64Array(text.length + 1).fill(Number.POSITIVE_INFINITY)
  fewest[text.length] = 0
  for (let from = text.length - 1; from >= 0; from--) {
    let node = 0
    let end = bytes.length
    for (let at = from; at < text.length && node < end; ) {
      if (bytes[node] !== text[at]) {
        node = ends[node]!
        continue
      }
      at++
      if (tokensFrom[node + 1]! > tokensFrom[node]!) fewest[from] = Math.min(fewest[from]!, 1 + fewest[at]!)
      end = ends[node]!
      node++
    }
  }
  return fewest[0]!
}
