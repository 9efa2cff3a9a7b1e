// Texts of a million characters without a word border: near-linear in time.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createTokenizer, detokenize } from '../../tokenizer/index.ts'
import { assertNearLinear } from '../growth.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from './fake-metadata.ts'

const PARTS = ['a', ' ', '\n', '!', '1', '中', '🚀', 'ab', ' x', '\u3000', '\u0000', '=-']

function check(path: string, length: number): void {
  const vocabulary = vocabularyOfFile(path)
  const { encode } = createTokenizer(vocabulary)
  for (const part of PARTS) {
    const work = (size: number) => {
      const text = part.repeat(size / part.length)
      const ids = encode(text, { addBos: false, parseSpecial: true })
      assert.ok(detokenize(vocabulary.table, ids) === text, JSON.stringify(part))
    }
    assertNearLinear(work, length, JSON.stringify(part))
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
