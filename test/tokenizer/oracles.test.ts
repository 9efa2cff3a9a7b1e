// The encoders against slower programs that do the same: @huggingface/tokenizers for the merges of byte-pair encoding,
// a literal transcription of the definition for SentencePiece. Texts are random, with everything that is awkward.
import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { byteStringAt, stringCount } from '../../tokenizer/byte-strings.ts'
import { createTokenizer, detokenize } from '../../tokenizer/index.ts'
import { asOfUnicode15 } from '../../tokenizer/unicode-version.ts'
import type { Vocabulary } from '../../tokenizer/vocabulary.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from './fake-metadata.ts'
import { awkwardText, wellFormed } from './texts.ts'

const PLAIN = { addBos: false, parseSpecial: false }

function textsOf({ texts }: Vocabulary): string[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return Array.from({ length: stringCount(texts.strings) }, (_, id) => decoder.decode(byteStringAt(texts.strings, id)))
}

function libraryTokenizer(vocabulary: Vocabulary): LibraryTokenizer {
  const merges = Array.from({ length: stringCount(vocabulary.merges) }, (_, i) =>
    new TextDecoder().decode(byteStringAt(vocabulary.merges, i)),
  )
  const vocab: Record<string, number> = Object.create(null)
  for (const [id, text] of textsOf(vocabulary).entries()) vocab[text] = id
  const splits = vocabulary.preTokenizer.expressions.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }))
  const bytes = { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
  return new LibraryTokenizer(
    {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytes] },
      model: { type: 'BPE', vocab, merges, ignore_merges: vocabulary.preTokenizer.ignoreMerges === true },
      post_processor: null,
      decoder: null,
    },
    {},
  )
}

for (const name of ['gpt-2', 'llama-bpe', 'qwen2', 'deepseek-llm']) {
  sharedTest(
    test,
    `${name}: merges as the library's, and back to the text`,
    `vectors/vocab/ggml-vocab-${name}.gguf`,
    (path) => {
      const vocabulary = vocabularyOfFile(path)
      const ours = createTokenizer(vocabulary)
      const theirs = libraryTokenizer(vocabulary)
      fc.assert(
        fc.property(awkwardText, (text) => {
          const ids = ours.encode(text, PLAIN)
          assert.is(detokenize(vocabulary.table, ids), wellFormed(text))
          // User-defined tokens are found before the words are cut, the library's tokenizer here has none; and it
          // knows the engine's version of Unicode.
          if (/[À-ÿ]/.test(text) || text.includes('[PAD') || asOfUnicode15(text) !== text) return
          assert.equal(ids, theirs.encode(wellFormed(text)).ids)
        }),
        { numRuns: 400 },
      )
    },
  )
}

/** Joins the best pair, searched anew for every step. */
function spellSlowly(vocabulary: Vocabulary, text: string): number[] {
  const idOf = new Map(textsOf(vocabulary).map((piece, id) => [piece, id]))
  const symbols = Array.from(`▁${text.replaceAll(' ', '▁')}`)
  for (;;) {
    let best = -1
    let bestScore = Number.NEGATIVE_INFINITY
    for (let i = 0; i + 1 < symbols.length; i++) {
      const id = idOf.get(symbols[i]! + symbols[i + 1]!)
      if (id === undefined || vocabulary.scores[id]! <= bestScore) continue
      best = i
      bestScore = vocabulary.scores[id]!
    }
    if (best < 0) break
    symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!)
  }
  return symbols.flatMap(
    (symbol) => idOf.get(symbol) ?? Array.from(new TextEncoder().encode(symbol), (byte) => byte + 3),
  )
}

function checkSpm(path: string): void {
  const vocabulary = vocabularyOfFile(path)
  const tokenizer = createTokenizer(vocabulary)
  fc.assert(
    fc.property(awkwardText, (random) => {
      const text = wellFormed(random)
      const ids = tokenizer.encode(random, PLAIN)
      assert.equal(ids, text === '' ? [] : spellSlowly(vocabulary, text))
      if (!text.includes('▁')) assert.is(detokenize(vocabulary.table, ids), text)
    }),
    { numRuns: 150 },
  )
}

test('stories260K: SentencePiece as defined, and back to the text', () => {
  checkSpm(repositoryPath('cli/models/stories260K.gguf'))
})

sharedTest(
  test,
  'llama-spm: SentencePiece as defined, and back to the text',
  'vectors/vocab/ggml-vocab-llama-spm.gguf',
  checkSpm,
)

test.run()
