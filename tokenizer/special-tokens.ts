// Finds the tokens that are recognised in a text as they stand, before it is cut into words: user-defined tokens
// always, control and unknown tokens only when asked. Longest token first over the whole text, each from left to
// right, as llama.cpp's tokenizer_st_partition does. Pure.
import type { TokenId } from '../engine/domain.ts'
import { byteStringAt, countOf } from './byte-strings.ts'
import { LSTRIP, ONLY_WHEN_ASKED, RSTRIP, SPECIAL } from './token-attributes.ts'
import type { Vocabulary } from './vocabulary.ts'

interface SpecialToken {
  readonly id: TokenId
  readonly text: string
  readonly onlyWhenAsked: boolean
  readonly stripLeft: boolean
  readonly stripRight: boolean
}

interface TrieNode {
  readonly children: Map<number, TrieNode>
  /** Index in `tokens` of the token that ends here. */
  token: number | undefined
}

/** A part of the text between special tokens, or a special token. */
export type Fragment = string | TokenId

export class SpecialTokens {
  /** Longest first, in bytes. */
  private readonly tokens: readonly SpecialToken[]
  private readonly root: TrieNode = { children: new Map(), token: undefined }

  constructor({ texts: { strings }, attributes }: Vocabulary) {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const lengthOf = (id: TokenId) => strings.offsets[id + 1]! - strings.offsets[id]!
    const ids: TokenId[] = []
    for (let id = 0; id < countOf(strings); id++) {
      if (attributes[id]! & SPECIAL && lengthOf(id) > 0) ids.push(id)
    }
    ids.sort((a, b) => lengthOf(b) - lengthOf(a))
    this.tokens = ids.map((id) => ({
      id,
      text: decoder.decode(byteStringAt(strings, id)),
      onlyWhenAsked: (attributes[id]! & ONLY_WHEN_ASKED) !== 0,
      stripLeft: (attributes[id]! & LSTRIP) !== 0,
      stripRight: (attributes[id]! & RSTRIP) !== 0,
    }))
    for (const [index, { text }] of this.tokens.entries()) this.enter(text, index)
  }

  /** Cuts `text` at its special tokens; empty parts are left out. */
  partition(text: string, parseSpecial: boolean): Fragment[] {
    const present = this.findPresent(text, parseSpecial)
    if (present.length === 0) return text === '' ? [] : [text]
    // Per UTF-16 unit: 0 = text, 1 = inside a special token or stripped, 2 = the first unit of a special token.
    const claims = new Uint8Array(text.length)
    const tokenAt = new Map<number, SpecialToken>()
    for (const token of present) claim(text, token, claims, tokenAt)
    return cut(text, claims, tokenAt)
  }

  private enter(text: string, index: number): void {
    let node = this.root
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      let child = node.children.get(unit)
      if (child === undefined) {
        child = { children: new Map(), token: undefined }
        node.children.set(unit, child)
      }
      node = child
    }
    node.token ??= index
  }

  /** The special tokens that occur in the text at all: usually few of thousands. In order. */
  private findPresent(text: string, parseSpecial: boolean): SpecialToken[] {
    const found = new Set<number>()
    for (let start = 0; start < text.length; start++) {
      let node = this.root.children.get(text.charCodeAt(start))
      for (let at = start + 1; node !== undefined; at++) {
        if (node.token !== undefined) found.add(node.token)
        node = node.children.get(text.charCodeAt(at))
      }
    }
    return [...found]
      .sort((a, b) => a - b)
      .map((index) => this.tokens[index]!)
      .filter((token) => parseSpecial || !token.onlyWhenAsked)
  }
}

/** Takes every occurrence of `token` that lies in text nothing longer has taken. */
function claim(text: string, token: SpecialToken, claims: Uint8Array, tokenAt: Map<number, SpecialToken>): void {
  const { length } = token.text
  let from = 0
  for (;;) {
    const start = text.indexOf(token.text, from)
    if (start < 0) return
    const end = start + length
    let taken = start
    while (taken < end && claims[taken] === 0) taken++
    from = taken === end ? end : taken + 1
    if (taken < end) continue
    claims.fill(1, start, end)
    claims[start] = 2
    tokenAt.set(start, token)
    if (token.stripLeft) for (let i = start - 1; i >= 0 && isFreeSpace(text, claims, i); i--) claims[i] = 1
    if (token.stripRight) for (let i = end; i < text.length && isFreeSpace(text, claims, i); i++) claims[i] = 1
  }
}

/** White space as C's isspace knows it. */
function isFreeSpace(text: string, claims: Uint8Array, i: number): boolean {
  const unit = text.charCodeAt(i)
  return claims[i] === 0 && (unit === 0x20 || (unit >= 0x09 && unit <= 0x0d))
}

function cut(text: string, claims: Uint8Array, tokenAt: ReadonlyMap<number, SpecialToken>): Fragment[] {
  const fragments: Fragment[] = []
  for (let at = 0; at < text.length; ) {
    if (claims[at] === 0) {
      const start = at
      while (at < text.length && claims[at] === 0) at++
      fragments.push(text.slice(start, at))
    } else {
      if (claims[at] === 2) fragments.push(tokenAt.get(at)!.id)
      at++
    }
  }
  return fragments
}
