// A model's vocabulary as typed data, made from the `tokenizer.ggml.*` metadata of a GGUF file and checked on the way.
// The rules (defaults, which texts mark the end of a turn, which token types are special) are those of llama.cpp's
// llama_vocab. Pure.
import type { TokenId } from '../engine/domain.ts'
import { TsinferError } from '../engine/errors.ts'
import { quoted } from '../engine/quoted.ts'
import { ByteIndex, type ByteStrings, byteStringAt, shareSome, stringCount } from './byte-strings.ts'
import { KNOWN_TOKENS, type Role, settleKnownTokens } from './known-tokens.ts'
import { PRIORITY_MAX } from './merger.ts'
import { PieceWriter, type Spelling } from './pieces.ts'
import { type PreTokenizer, preTokenizerOf } from './pre-tokenizers.ts'
import { attributeOfType, CONTROL, isHidden, LSTRIP, NORMAL, RSTRIP, SPECIAL, tokensWhere } from './token-attributes.ts'

/** What the tokenizer reads of a GGUF header. Every method gives undefined where the key is absent. */
export interface TokenizerMetadata {
  string(key: string): string | undefined
  integer(key: string): number | undefined
  boolean(key: string): boolean | undefined
  /** An array of strings as raw bytes. */
  strings(key: string): ByteStrings | undefined
  /** An array of numbers of any type. */
  numbers(key: string): ArrayLike<number> | undefined
}

/** What decoding needs. Plain data over shared buffers: it can be posted to another thread without a copy. */
export interface TokenTable {
  /** What each token prints; nothing for hidden tokens. */
  readonly pieces: ByteStrings
  /** Texts of the hidden tokens (control and unknown), for output that shows them. */
  readonly controls: { readonly ids: Int32Array; readonly texts: ByteStrings }
  /** A text begins with a space that its author did not write. */
  readonly addSpacePrefix: boolean
}

/** Ids with a meaning, as far as the model has them. */
type SpecialIds = { readonly [role in Role]?: TokenId }

export interface Vocabulary {
  readonly kind: 'spm' | 'bpe'
  readonly table: TokenTable
  /** Bits of token-attributes.ts, per token. */
  readonly attributes: Uint8Array
  readonly ids: SpecialIds
  /** Tokens that end a generated text, ascending. */
  readonly endOfGeneration: readonly TokenId[]
  /** Tokens that no generated text may have. */
  readonly suppressed: readonly TokenId[]
  /** The model wants a BOS before, an EOS after every text. */
  readonly addBos: boolean
  readonly addEos: boolean
  /** Token texts as the file spells them, found by their bytes. */
  readonly texts: ByteIndex
  /** Per token, for `spm`. */
  readonly scores: Float32Array
  /** `left right` per line, best first, for `bpe`. */
  readonly merges: ByteStrings
  readonly preTokenizer: PreTokenizer
  /** What was made good in the metadata, a sentence each. */
  readonly notices: readonly string[]
}

const NONE: ByteStrings = { bytes: new Uint8Array(0), offsets: new Uint32Array(1) }
const TOKENIZER_PREFIX = 'tokenizer.ggml.'
/** Of a token's text that is quoted: more than is shown. */
const SHOWN_BYTES = 512

/**
 * @param preOverride takes the place of `tokenizer.ggml.pre`
 * @throws TsinferError `tokenizer_invalid` where the metadata contradict themselves, `tokenizer_unsupported` for a
 *   tokenizer model or pre-tokenizer that this library does not know
 */
export function readVocabulary(metadata: TokenizerMetadata, preOverride?: string): Vocabulary {
  const model = modelOf(metadata)
  const kind = model === 'llama' ? 'spm' : 'bpe'
  const texts = readTexts(metadata)
  const size = stringCount(texts.strings)
  const attributes = readAttributes(metadata, size)
  const scores = kind === 'spm' ? readScores(metadata, size) : new Float32Array(0)
  const preTokenizer = preTokenizerFor(model, metadata, preOverride)
  const merges = kind === 'bpe' ? readMerges(metadata, preTokenizer) : NONE
  const notices: string[] = []
  const given = readIds(metadata, defaultIds(model, preTokenizer, attributes), size, notices)
  const { ids, endOfGeneration } = settleKnownTokens(given, texts, attributes)
  setStripping(metadata, preOverride, texts, attributes)
  const saysBos =
    metadata.boolean(`${TOKENIZER_PREFIX}add_bos_token`) ?? (kind === 'spm' || preTokenizer.addBos === true)
  const addBos = saysBos || preTokenizer.forcesBos === true
  const addEos = metadata.boolean(`${TOKENIZER_PREFIX}add_eos_token`) ?? false
  if (addBos && ids.bos === undefined) throw missingId('add_bos_token', 'bos_token_id')
  if (addEos && ids.eos === undefined) throw missingId('add_eos_token', 'eos_token_id')
  const addSpacePrefix = kind === 'spm' && (metadata.boolean(`${TOKENIZER_PREFIX}add_space_prefix`) ?? true)
  const spelling = kind === 'spm' || preTokenizer.rawCharacters ? 'characters' : 'bytes'
  return {
    kind,
    table: makeTable(spelling, texts.strings, attributes, addSpacePrefix),
    attributes,
    ids,
    endOfGeneration,
    suppressed: readSuppressed(metadata, size),
    addBos,
    addEos,
    texts,
    scores,
    merges,
    preTokenizer,
    notices,
  }
}

type TokenizerModel = 'llama' | 'gpt2' | 'gemma4'

function modelOf(metadata: TokenizerMetadata): TokenizerModel {
  const model = metadata.string(`${TOKENIZER_PREFIX}model`)
  if (model === undefined) throw invalid(`${TOKENIZER_PREFIX}model`, 'a vocabulary', 'no such key')
  if (model === 'llama' || model === 'gpt2' || model === 'gemma4') return model
  const expected = 'expected llama (SentencePiece), gpt2 or gemma4 (byte-pair encoding)'
  throw new TsinferError('tokenizer_unsupported', `${TOKENIZER_PREFIX}model: ${expected}, found ${quoted(model)}`)
}

function preTokenizerFor(
  model: TokenizerModel,
  metadata: TokenizerMetadata,
  preOverride: string | undefined,
): PreTokenizer {
  if (model === 'llama') return preTokenizerOf(undefined)
  return preTokenizerOf(preOverride ?? (model === 'gemma4' ? model : metadata.string(`${TOKENIZER_PREFIX}pre`)))
}

function readTexts(metadata: TokenizerMetadata): ByteIndex {
  const strings = metadata.strings(`${TOKENIZER_PREFIX}tokens`)
  const count = strings === undefined ? 0 : stringCount(strings)
  if (strings === undefined || count < 1 || count >= PRIORITY_MAX) {
    throw invalid(
      `${TOKENIZER_PREFIX}tokens`,
      `1 to ${PRIORITY_MAX - 1} token texts`,
      strings ? String(count) : 'no such key',
    )
  }
  const texts = new ByteIndex(strings)
  if (texts.duplicate !== undefined) {
    const [first, second] = texts.duplicate
    const text = quoted(new TextDecoder().decode(byteStringAt(strings, first).subarray(0, SHOWN_BYTES)))
    throw invalid(`${TOKENIZER_PREFIX}tokens`, 'different texts', `${text} as token ${first} and as token ${second}`)
  }
  return texts
}

function readAttributes(metadata: TokenizerMetadata, size: number): Uint8Array {
  const types = metadata.numbers(`${TOKENIZER_PREFIX}token_type`)
  if (types === undefined) return new Uint8Array(size).fill(NORMAL)
  checkLength('token_type', types.length, size)
  return Uint8Array.from({ length: size }, (_, id) => attributeOfType(types[id]!))
}

function readScores(metadata: TokenizerMetadata, size: number): Float32Array {
  const numbers = metadata.numbers(`${TOKENIZER_PREFIX}scores`)
  if (numbers === undefined) return new Float32Array(size)
  checkLength('scores', numbers.length, size)
  const scores =
    numbers instanceof Float32Array ? numbers.subarray(0, size) : Float32Array.from(numbers).subarray(0, size)
  const bad = scores.findIndex(Number.isNaN)
  if (bad >= 0) throw invalid(`${TOKENIZER_PREFIX}scores`, 'numbers', `NaN for token ${bad}`)
  return scores
}

function readMerges(metadata: TokenizerMetadata, { mergesOptional }: PreTokenizer): ByteStrings {
  const merges = metadata.strings(`${TOKENIZER_PREFIX}merges`)
  if (merges === undefined && mergesOptional) return NONE
  if (merges === undefined) throw invalid(`${TOKENIZER_PREFIX}merges`, 'the merges of a gpt2 tokenizer', 'no such key')
  if (stringCount(merges) >= PRIORITY_MAX) {
    throw invalid(`${TOKENIZER_PREFIX}merges`, `at most ${PRIORITY_MAX - 1} merges`, String(stringCount(merges)))
  }
  return merges
}

/** What llama.cpp takes where the file names no id. */
function defaultIds(model: TokenizerModel, { noDefaultBos }: PreTokenizer, attributes: Uint8Array): SpecialIds {
  const size = attributes.length
  if (model === 'llama') return { unknown: 0, ...(size > 1 && { bos: 1 }), ...(size > 2 && { eos: 2 }) }
  // The id of Falcon's only special token. llama.cpp takes it for any model, even where it is a comma.
  const isFalcon = model === 'gpt2' && size > 11 && (attributes[11]! & CONTROL) !== 0
  return isFalcon ? { eos: 11, ...(!noDefaultBos && { bos: 11 }) } : {}
}

/** The ids that the file names, and `defaults` for those it does not, or names beyond the vocabulary: that is noted. */
function readIds(metadata: TokenizerMetadata, defaults: SpecialIds, size: number, notices: string[]): SpecialIds {
  const ids: { [role in Role]?: TokenId } = { ...defaults }
  for (const { role, keys } of KNOWN_TOKENS) {
    for (const key of keys) {
      const id = metadata.integer(TOKENIZER_PREFIX + key)
      // All ones is how converters write "none".
      if (id === undefined || id === -1 || id === 0xffffffff) continue
      if (id >= 0 && id < size) ids[role] = id
      else {
        const used = ids[role] === undefined ? 'none is used' : `${ids[role]} is used`
        notices.push(`${TOKENIZER_PREFIX}${key}: expected a token id below ${size}, found ${id}; ${used}`)
      }
    }
  }
  return ids
}

/** Ids beyond the vocabulary are left out, as llama.cpp does. */
function readSuppressed(metadata: TokenizerMetadata, size: number): TokenId[] {
  const isToken = (id: number) => Number.isInteger(id) && id >= 0 && id < size
  return Array.from(metadata.numbers(`${TOKENIZER_PREFIX}suppress_tokens`) ?? []).filter(isToken)
}

/** Marks the tokens that swallow white space beside them. GGUF has no field for it: llama.cpp goes by names. */
function setStripping(
  metadata: TokenizerMetadata,
  preOverride: string | undefined,
  texts: ByteIndex,
  attributes: Uint8Array,
): void {
  const name = metadata.string('general.name')?.toLowerCase() ?? ''
  const pre = preOverride ?? metadata.string(`${TOKENIZER_PREFIX}pre`) ?? ''
  const set = (text: string, bit: number, value: boolean) => {
    const bytes = new TextEncoder().encode(text)
    const id = texts.find(bytes, 0, bytes.length)
    if (id >= 0) attributes[id] = value ? attributes[id]! | bit : attributes[id]! & ~bit
  }
  if (/jina-v2-(de|es|code)/.test(pre)) set('<mask>', LSTRIP, true)
  else if (/phi-?3/.test(name)) {
    for (let id = 0; id < attributes.length; id++) if (attributes[id]! & SPECIAL) attributes[id]! |= RSTRIP
    set('</s>', RSTRIP, true)
    for (const text of ['<unk>', '<s>', '<|endoftext|>']) set(text, RSTRIP, false)
  } else if (name.includes('modern-bert')) set('[MASK]', LSTRIP, true)
}

function makeTable(
  spelling: Spelling,
  texts: ByteStrings,
  attributes: Uint8Array,
  addSpacePrefix: boolean,
): TokenTable {
  const size = stringCount(texts)
  const hidden = tokensWhere(attributes, (id) => isHidden(attributes[id]!))
  // What is never written to takes no memory.
  const bytes = new Uint8Array(new SharedArrayBuffer(texts.bytes.length))
  const offsets = new Uint32Array(new SharedArrayBuffer((size + 1) * 4))
  const writer = new PieceWriter(spelling, texts, bytes)
  for (let id = 0; id < size; id++) offsets[id + 1] = writer.write(id, attributes[id]!)
  return {
    pieces: { bytes: bytes.subarray(0, offsets[size]), offsets },
    controls: { ids: hidden, texts: shareSome(texts, hidden) },
    addSpacePrefix,
  }
}

function checkLength(key: string, found: number, size: number): void {
  if (found < size) throw invalid(TOKENIZER_PREFIX + key, `one entry for each of ${size} tokens`, String(found))
}

function missingId(flag: string, key: string): TsinferError {
  return new TsinferError(
    'tokenizer_invalid',
    `${TOKENIZER_PREFIX}${flag} is true: expected ${TOKENIZER_PREFIX}${key}, found no such id`,
  )
}

function invalid(key: string, expected: string, found: string): TsinferError {
  return new TsinferError('tokenizer_invalid', `${key}: expected ${expected}, found ${found}`)
}
