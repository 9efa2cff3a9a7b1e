// Byte-pair encoding over bytes or characters, with llama.cpp's semantics (llm_tokenizer_bpe): lowest merge rank first, among equal
// ranks the leftmost pair; the earlier of two equal merges counts; a symbol that is no token is left out. The words
// come from @huggingface/tokenizers' Split, whose own merge loop takes seconds for a word of a million characters and
// several hundred MB for its tables: it is this file's oracle in the tests instead. Pure.
import type { TokenId } from '../engine/domain.ts'
import type { ByteIndex } from './byte-strings.ts'
import { MergeTable, type SymbolIds } from './merge-table.ts'
import { PairMerger } from './merger.ts'
import { CODE_OF_BYTE, ESCAPED_SPACE } from './pieces.ts'
import type { PreTokenizer } from './pre-tokenizers.ts'
import type { Vocabulary } from './vocabulary.ts'
import { wordCutter } from './words.ts'

/** Symbols of the words that share one merger: longer ones get their own. */
const WORD_SYMBOLS = 512
/** V8 copies strings of up to 12 characters when it cuts them out of a text; longer keys would keep the text alive. */
const CACHED_LENGTH = 12
const CACHED_WORDS = 1 << 16

const NEWLINE = 0x0a

export class BpeEncoder {
  readonly #cutIntoWords: (text: string) => string[]
  readonly #texts: ByteIndex
  readonly #preTokenizer: PreTokenizer
  readonly #symbols: SymbolIds
  readonly #merges: MergeTable
  readonly #merger = new PairMerger(WORD_SYMBOLS)
  readonly #utf8 = new TextEncoder()
  readonly #cache = new Map<string, readonly TokenId[]>()

  constructor({ texts, merges, preTokenizer }: Vocabulary) {
    this.#cutIntoWords = wordCutter(preTokenizer.expressions)
    this.#texts = texts
    this.#preTokenizer = preTokenizer
    this.#merges = new MergeTable(merges, texts)
    this.#symbols = this.#merges.symbols
  }

  /** Appends the ids of `text`, which has no special tokens in it, to `output`. */
  encode(text: string, output: TokenId[]): void {
    const spelled = this.#preTokenizer.rawCharacters ? text.replaceAll(' ', ESCAPED_SPACE) : text
    for (const word of this.#cutIntoWords(spelled)) {
      const cacheable = word.length <= CACHED_LENGTH
      const cached = cacheable ? this.#cache.get(word) : undefined
      const ids = cached ?? this.#encodeWord(this.#utf8.encode(word))
      for (const id of ids) output.push(id)
      if (!cacheable || cached !== undefined) continue
      if (this.#cache.size >= CACHED_WORDS) this.#cache.clear()
      this.#cache.set(word, ids)
    }
  }

  #encodeWord(bytes: Uint8Array): TokenId[] {
    const { ignoreMerges, wholeNewlines, rawCharacters } = this.#preTokenizer
    if (ignoreMerges || (wholeNewlines && bytes.every((byte) => byte === NEWLINE))) {
      const whole = rawCharacters ? this.#texts.find(bytes, 0, bytes.length) : this.#findSpelled(bytes)
      if (whole >= 0) return [whole]
    }
    const merger = bytes.length <= this.#merger.capacity ? this.#merger : new PairMerger(bytes.length)
    const count = rawCharacters ? this.#fillCharacters(merger, bytes) : this.#fillBytes(merger, bytes)
    merger.merge(count, this.#merges)
    const ids: TokenId[] = []
    for (let i = 0; i < count; i = merger.next[i]!) {
      const symbol = merger.ids[i]!
      if (symbol >= 0 && symbol < this.#symbols.tokenCount) ids.push(symbol)
      else if (rawCharacters) this.#pushNamedBytes(bytes.subarray(merger.starts[i], merger.endOf(i)), ids)
      else this.#pushBytes(this.#symbols.textOf(symbol), ids)
    }
    return ids
  }

  /** A symbol per byte; returns how many. */
  #fillBytes({ ids }: PairMerger, bytes: Uint8Array): number {
    for (let i = 0; i < bytes.length; i++) ids[i] = this.#symbols.ofByte[bytes[i]!]!
    return bytes.length
  }

  /** A symbol per character, -1 for one that no token or merge has. */
  #fillCharacters({ ids, starts }: PairMerger, bytes: Uint8Array): number {
    let count = 0
    for (let at = 0; at < bytes.length; count++) {
      starts[count] = at++
      while (at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at++
      ids[count] = this.#symbols.find(bytes, starts[count]!, at)
    }
    starts[count] = bytes.length
    return count
  }

  /** The bytes of a symbol that is no token, as far as a token has that one byte as text. */
  #pushBytes(text: Uint8Array, ids: TokenId[]): void {
    for (let i = 0; i < text.length; i++) {
      const id = this.#texts.find(text, i, i + 1)
      if (id >= 0) ids.push(id)
    }
  }

  /** Likewise with tokens called <0x00> to <0xFF>. */
  #pushNamedBytes(text: Uint8Array, ids: TokenId[]): void {
    for (const byte of text) {
      const name = this.#utf8.encode(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
      const id = this.#texts.find(name, 0, name.length)
      if (id >= 0) ids.push(id)
    }
  }

  /** The token whose text, in the byte alphabet, is `bytes`; -1 for none. */
  #findSpelled(bytes: Uint8Array): TokenId {
    if (bytes.length > this.#texts.longest) return -1
    const spelled = new Uint8Array(bytes.length * 2)
    let end = 0
    for (const byte of bytes) {
      const code = CODE_OF_BYTE[byte]!
      if (code < 0x80) spelled[end++] = code
      else {
        spelled[end++] = 0xc0 | (code >> 6)
        spelled[end++] = 0x80 | (code & 0x3f)
      }
    }
    return this.#texts.find(spelled, 0, end)
  }
}
