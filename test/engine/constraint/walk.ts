// Random texts of a constraint: a sampler that has no preferences and picks any token the constraint allows.

import type { Random } from '../../../bench/forge/random.ts'
import { packGrammar } from '../../../engine/constraint/compiled-form.ts'
import { Constraints } from '../../../engine/constraint/constraints.ts'
import type { NamedGrammar } from '../../../engine/constraint/grammar.ts'
import type { GrammarConstraint } from '../../../engine/constraint/grammar-constraint.ts'
import { compileSchema } from '../../../engine/constraint/schema/compile-schema.ts'
import { buildTokenTrie } from '../../../engine/constraint/token-trie.ts'
import type { TokenBytes } from '../../../engine/sampling/stop-strings.ts'

export const END = 0

/** Token 0 ends a text, then all single bytes, then the given texts. */
export function vocabularyOf(texts: readonly (string | Uint8Array)[]): TokenBytes {
  const encoder = new TextEncoder()
  const pieces = [
    new Uint8Array(0),
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...texts.map((text) => (typeof text === 'string' ? encoder.encode(text) : text)),
  ]
  const offsets = new Uint32Array(pieces.length + 1)
  pieces.forEach((piece, i) => {
    offsets[i + 1] = offsets[i]! + piece.length
  })
  const bytes = new Uint8Array(offsets.at(-1)!)
  for (const [i, piece] of pieces.entries()) bytes.set(piece, offsets[i]!)
  return { bytes, offsets }
}

/** Pieces that cross borders of JSON, of characters and of words. */
export const SOME_TEXTS = [
  ...[
    '{"',
    '":',
    '", "',
    '"}',
    '"]',
    '},{',
    '}]',
    '[[',
    ']]',
    '": "',
    '":[',
    '1,',
    '12',
    '345',
    '0.',
    'e+',
    '-1',
    '.5',
  ],
  ...[
    'true',
    'false',
    'null',
    'tru',
    'lse,',
    'name',
    '"name',
    'na',
    'me":',
    ' a',
    'abc',
    'Bern',
    'circle"',
    '日',
    '日本',
    '😀',
  ],
  ...[
    '\\n',
    '\\"',
    '\\u',
    '\\ud83d',
    '\\udE00',
    '\\u00',
    '\n',
    '  ',
    '    ',
    'é"',
    ': ',
    ', ',
    '"kind":"',
    '"value":0',
    'children',
  ],
  ...[Uint8Array.of(0xe6, 0x97), Uint8Array.of(0x97, 0xa5, 0x22), Uint8Array.of(0xf0, 0x9f), Uint8Array.of(0xff, 0x41)],
]

export const someConstraints = (texts: readonly (string | Uint8Array)[] = SOME_TEXTS) => {
  const tokenBytes = vocabularyOf(texts)
  const constraints = new Constraints(tokenBytes, tokenBytes.offsets.length - 1)
  const trie = buildTokenTrie(tokenBytes, [END])
  const create = (named: NamedGrammar, tokensMost: number, stopTokens: readonly number[]) =>
    constraints.create({ name: named.name, numbers: packGrammar(named.grammar), trie }, tokensMost, stopTokens)
  return { constraints: { create }, tokenBytes }
}

export interface Walk {
  readonly text: string
  readonly tokens: number
  /** Whether the end token ended it. */
  readonly isStopped: boolean
}

type SomeConstraints = ReturnType<typeof someConstraints>

const namedSchema = (schema: unknown): NamedGrammar => ({
  name: JSON.stringify(schema),
  grammar: compileSchema(schema),
})

/** One random text of at most `tokensMost` tokens. Throws what the constraint throws. */
export function walk(
  some: SomeConstraints,
  schema: unknown,
  tokensMost: number,
  random: Random,
  stopTokens: readonly number[] = [END],
): Walk {
  return walkGrammar(some, namedSchema(schema), tokensMost, random, stopTokens)
}

/** The same of any grammar. */
export function walkGrammar(
  some: SomeConstraints,
  named: NamedGrammar,
  tokensMost: number,
  random: Random,
  stopTokens: readonly number[] = [END],
): Walk {
  return follow(some, named, tokensMost, stopTokens, (constraint) => {
    const allowed = idsOf(constraint.mask())
    if (allowed.length === 0) throw new Error('no token is allowed')
    return random.pick(allowed)
  })
}

/** A text that begins with `begin`, byte by byte, and goes on at random. */
export function writeWith(
  some: SomeConstraints,
  schema: unknown,
  tokensMost: number,
  begin: string,
  random: Random,
): Walk {
  const bytes = new TextEncoder().encode(begin)
  return follow(some, namedSchema(schema), tokensMost, [END], (constraint, tokens) =>
    tokens < bytes.length ? 1 + bytes[tokens]! : random.pick(idsOf(constraint.mask())),
  )
}

function follow(
  { constraints, tokenBytes }: SomeConstraints,
  named: NamedGrammar,
  tokensMost: number,
  stopTokens: readonly number[],
  choose: (constraint: GrammarConstraint, tokens: number) => number,
): Walk {
  const constraint = constraints.create(named, tokensMost, stopTokens)
  const bytes: number[] = []
  for (let tokens = 0; ; tokens++) {
    const token = choose(constraint, tokens)
    if (!constraint.allows(token)) throw new Error(`token ${token} is not allowed after ${decode(bytes)}`)
    if (token === END) return { text: decode(bytes), tokens, isStopped: true }
    bytes.push(...tokenBytes.bytes.subarray(tokenBytes.offsets[token]!, tokenBytes.offsets[token + 1]!))
    if (tokens >= tokensMost) throw new Error(`more than ${tokensMost} tokens`)
    if (constraint.accept(token) === 'stop') return { text: decode(bytes), tokens: tokens + 1, isStopped: false }
  }
}

/** Fails where the bytes are no UTF-8. */
const decode = (bytes: readonly number[]): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))

export function idsOf(mask: Uint32Array): number[] {
  const ids: number[] = []
  for (let id = 0; id < mask.length * 32; id++) if ((mask[id >>> 5]! >>> (id & 31)) & 1) ids.push(id)
  return ids
}
