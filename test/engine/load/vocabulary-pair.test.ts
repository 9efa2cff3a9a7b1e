import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { layOutGguf } from '../../../bench/forge/gguf-writer.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { checkPair, type PairedModel, pairDifferences } from '../../../engine/load/vocabulary-pair.ts'
import { inspectPair, loadModel } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'
import { temporaryPath } from '../gguf/temporary.ts'
import { EMBEDDED_MODEL } from '../started-engine.ts'

let files = 0

/** A model with this vocabulary; types are normal where none are given. */
function model(
  texts: readonly string[] | undefined,
  types?: readonly number[],
  tokens: Partial<Record<'bos' | 'eos' | 'eot', number>> = {},
): PairedModel {
  const path = temporaryPath(`${files++}.gguf`)
  const metadata = [
    { key: 'general.architecture', type: 'string', value: 'llama' } as const,
    ...(texts ? [{ key: 'tokenizer.ggml.tokens', type: 'string', value: texts } as const] : []),
    ...(types ? [{ key: 'tokenizer.ggml.token_type', type: 'i32', value: types } as const] : []),
  ]
  writeFileSync(path, layOutGguf(metadata, []).header)
  const vocabularySize = texts?.length ?? 10
  const special = { bos: undefined, eos: undefined, eot: undefined, eom: undefined, ...tokens }
  return { file: openGguf(path), config: { tokens: special, vocabularySize } }
}

const WORDS = ['<s>', '</s>', 'a', 'b', 'c']
const TYPES = [3, 3, 1, 1, 1]

test('equal vocabularies fit', () => {
  assert.equal(pairDifferences(model(WORDS, TYPES), model(WORDS, TYPES)), [])
  assert.equal(pairDifferences(model(WORDS), model(WORDS, [1, 1, 1, 1, 1])), [])
  checkPair(model(WORDS, TYPES), model(WORDS, TYPES))
})

test('a text or a type that differs is named', () => {
  assert.equal(pairDifferences(model(WORDS), model(['<s>', '</s>', 'a', 'B', 'c'])), ['token 3 is "b" and "B"'])
  assert.equal(pairDifferences(model(WORDS, TYPES), model(WORDS, [3, 1, 1, 1, 1])), ['token 1 is of type 3 and 1'])
})

test('further tokens must be unused, control or padding', () => {
  const longer = [...WORDS, '[PAD5]', 'extra', '<|tool|>', 'word']
  const types = [...TYPES, 1, 5, 3, 1]
  const expected = ['token 8, "word", is in one vocabulary only']
  assert.equal(pairDifferences(model(WORDS, TYPES), model(longer, types)), expected)
  assert.equal(pairDifferences(model(longer, types), model(WORDS, TYPES)), expected)
})

test('tokens with a meaning are equal or missing', () => {
  const target = model(WORDS, TYPES, { bos: 0, eos: 1 })
  assert.equal(pairDifferences(target, model(WORDS, TYPES, { bos: 0 })), [])
  assert.equal(pairDifferences(target, model(WORDS, TYPES, { bos: 1, eos: 1, eot: 2 })), ['BOS is 0 and 1'])
})

test('models without a vocabulary must have as many tokens', () => {
  assert.equal(pairDifferences(model(undefined), model(undefined)), [])
  assert.equal(pairDifferences(model(WORDS), model(undefined)), ['only one of the models has a vocabulary'])
})

test('a refusal names the first five differences', () => {
  const other = Array.from({ length: 9 }, (_, i) => `x${i}`)
  assert.throws(
    () => checkPair(model(other), model(other.map((word) => word.toUpperCase()))),
    /^draft model: expected the target's vocabulary, found differences: (token \d is "x\d" and "X\d"(; )?){5}$/,
  )
})

test('the embedded pair fits; a model of another vocabulary is refused', async () => {
  assert.equal(await inspectPair(EMBEDDED_MODEL, repositoryPath('cli/models/stories75K-draft.gguf')), [])
  try {
    await loadModel(EMBEDDED_MODEL, { draftModel: model(WORDS).file.shards[0]!.path })
    assert.unreachable('a file without weights was loaded')
  } catch (error) {
    assert.is((error as { code: string }).code, 'model_invalid')
  }
})

test.run()
