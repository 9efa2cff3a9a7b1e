// Byte-pair encoding over bytes, with llama.cpp's semantics (llm_tokenizer_bpe): lowest merge rank first, among equal
// ranks the leftmost pair; the earlier of two equal merges counts; a symbol that is no token is left out. The words
// come from @huggingface/tokenizers' Split, whose own merge loop takes seconds for a word of a million characters and
// several hundred MB for its tables: it is this file's oracle in the tests instead. Pure.
import type { TokenId } from '../engine/domain.ts'
import type { ByteIndex } from './byte-strings.ts'
import { MergeTable, type SymbolIds } from './merge-table.ts'
import { PairMerger } from './merger.ts'
import { CODE_OF_BYTE } from './pieces.ts'
import type { Vocabulary } from './vocabulary.ts'
import { wordCutter } from './words.ts'

/** Symbols of the words that share one merger: longer ones get their own. */
const WORD_SYMBOLS = 512
/** V8 copies strings of up to 12 characters when it cuts them out of a text; longer keys would keep the text alive. */
const CACHED_LENGTH = 12
const CACHED_WORDS = 1 << 16

export class BpeEncoder {
  private readonly cutIntoWords: (text: string) => string[]
  private readonly texts: ByteIndex
  private readonly ignoreMerges: boolean
  private readonly symbols: SymbolIds
  private readonly merges: MergeTable
  private readonly merger = new PairMerger(WORD_SYMBOLS)
  private readonly utf8 = new TextEncoder()
  private readonly cache = new Map<string, readonly TokenId[]>()

  constructor({ texts, merges, preTokenizer }: Vocabulary) {
    this.cutIntoWords = wordCutter(preTokenizer.expressions)
    this.texts = texts
    this.ignoreMerges = preTokenizer.ignoreMerges === true
    this.merges = new MergeTable(merges, texts)
    this.symbols = this.merges.symbols
  }

  /** Appends the ids of `text`, which has no special tokens in it, to `output`. */
  encode(text: string, output: TokenId[]): void {
    for (const word of this.cutIntoWords(text)) {
      const cacheable = word.length <= CACHED_LENGTH
      const cached = cacheable ? this.cache.get(word) : undefined
      const ids = cached ?? this.encodeWord(this.utf8.encode(word))
      for (const id of ids) output.push(id)
      if (!cacheable || cached !== undefined) continue
      if (this.cache.size >= CACHED_WORDS) this.cache.clear()
      this.cache.set(word, ids)
    }
  }

  private encodeWord(bytes: Uint8Array): TokenId[] {
    if (this.ignoreMerges) {
      const whole = this.findToken(bytes)
      if (whole >= 0) return [whole]
    }
    const count = bytes.length
    const merger = count <= this.merger.capacity ? this.merger : new PairMerger(count)
    for (let i = 0; i < count; i++) merger.ids[i] = this.symbols.ofByte[bytes[i]!]!
    merger.merge(count, this.merges)
    const ids: TokenId[] = []
    for (let i = 0; i < count; i = merger.next[i]!) {
      const symbol = merger.ids[i]!
      if (symbol < this.symbols.tokenCount) ids.push(symbol)
      else ids.push(...this.symbols.tokensOf(symbol))
    }
    return ids
  }

  /** The token whose text, in the byte alphabet, is `bytes`; -1 for none. */
  private findToken(bytes: Uint8Array): TokenId {
    if (bytes.length > this.texts.longest) return -1
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
    return this.texts.find(spelled, 0, end)
  }
}
