// Equality with llama.cpp on its own vocabularies and texts, and with llama2.c on stories260K's.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { EMBEDDED_MODEL } from '../../bench/forge/vocabulary.ts'
import { gemma4Metadata, gemmaMetadata, TOKEN_TEXTS, type TokenFixture } from '../../bench/record/token-cases.ts'
import { createTokenizer, detokenize } from '../../tokenizer/index.ts'
import { temporaryPath } from '../engine/gguf/temporary.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from './fake-metadata.ts'

const PLAIN = { addBos: false, parseSpecial: false }

for (const name of ['llama-spm', 'phi-3', 'gpt-2', 'llama-bpe', 'qwen2', 'deepseek-llm']) {
  sharedTest(test, `${name}: ids and texts as llama.cpp`, `vectors/vocab/ggml-vocab-${name}.gguf`, (path) => {
    const vocabulary = vocabularyOfFile(path)
    const tokenizer = createTokenizer(vocabulary)
    const texts = readFileSync(`${path}.inp`, 'utf8').split('\n__ggml_vocab_test__\n')
    const lines = readFileSync(`${path}.out`, 'utf8').split('\n').slice(0, texts.length)
    assert.is(lines.length, texts.length)
    for (const [i, text] of texts.entries()) {
      const expected = lines[i]!.split(' ')
        .filter((id) => id !== '')
        .map(Number)
      const ids = tokenizer.encode(text, PLAIN)
      assert.equal(ids, expected, JSON.stringify(text))
      assert.is(detokenize(vocabulary.table, ids), text)
    }
  })
}

sharedTest(test, 'stories260K: ids as llama2.c', 'models/stories260K/tok512-vectors.json', (path) => {
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: { text: string; llama2c_ids: number[] }[] }
  const vocabulary = vocabularyOfFile(repositoryPath('cli/models/stories260K.gguf'))
  const tokenizer = createTokenizer(vocabulary)
  assert.ok(cases.length > 70)
  for (const { text, llama2c_ids } of cases) {
    assert.equal(tokenizer.encode(text, PLAIN), llama2c_ids, JSON.stringify(text))
    assert.is(detokenize(vocabulary.table, llama2c_ids), text)
  }
})

const FAMILIES = JSON.parse(readFileSync(repositoryPath('test/fixtures/tokens.json'), 'utf8')) as TokenFixture

for (const [pre, expected] of Object.entries(FAMILIES.pre)) {
  sharedTest(test, `${pre}: ids as llama.cpp`, 'vectors/vocab/ggml-vocab-gpt-2.gguf', (path) => {
    const tokenizer = createTokenizer(vocabularyOfFile(path, pre))
    for (const [i, text] of TOKEN_TEXTS.entries()) {
      assert.equal(tokenizer.encode(text, { addBos: false, parseSpecial: true }), expected[i], JSON.stringify(text))
    }
  })
}

for (const [name, items, expected] of [
  ['SentencePiece as Gemma has it', gemmaMetadata(), FAMILIES.gemma],
  ['byte-pair encoding as Gemma 4 has it', gemma4Metadata(), FAMILIES.gemma4],
] as const) {
  test(`${name}: ids as llama.cpp`, () => {
    const path = temporaryPath('gemma.gguf')
    rewriteModel(path, EMBEDDED_MODEL, items)
    const vocabulary = vocabularyOfFile(path)
    const tokenizer = createTokenizer(vocabulary)
    assert.ok(vocabulary.addBos)
    for (const [i, text] of TOKEN_TEXTS.entries()) {
      const ids = tokenizer.encode(text, { addBos: false, parseSpecial: true })
      assert.equal(ids, expected[i], JSON.stringify(text))
      const shown = detokenize(vocabulary.table, ids, { atStart: true, showControls: true })
      assert.is(shown.replaceAll('▁', ' '), text.replaceAll('▁', ' '))
    }
  })
}

test.run()
