// Texts of a million characters without a word border, and prose: near-linear in time. The bounds are ten times what a
// laptop needs; quadratic time would exceed them a hundredfold.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createTokenizer, detokenize } from '../../tokenizer/index.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from './fake-metadata.ts'

const PARTS = ['a', ' ', '\n', '!', '1', '中', '🚀', 'ab', ' x', '\u3000', '\u0000', '=-']

function check(path: string, length: number): void {
  const vocabulary = vocabularyOfFile(path)
  const { encode } = createTokenizer(vocabulary)
  for (const part of PARTS) {
    const text = part.repeat(length / part.length)
    const start = performance.now()
    const ids = encode(text, { addBos: false, parseSpecial: true })
    const took = performance.now() - start
    assert.ok(took < 6000, `${JSON.stringify(part)}: ${took} ms`)
    assert.ok(detokenize(vocabulary.table, ids) === text, JSON.stringify(part))
  }
}

test('stories260K', () => check(repositoryPath('cli/models/stories260K.gguf'), 1e6))
for (const [name, length] of Object.entries({
  'llama-bpe': 1e6,
  'llama-spm': 1e5,
  qwen2: 1e5,
  'gpt-2': 1e5,
  'deepseek-llm': 1e5,
})) {
  sharedTest(test, name, `vectors/vocab/ggml-vocab-${name}.gguf`, (path) => check(path, length))
}

test.run()
