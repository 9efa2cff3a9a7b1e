// Records the ids that llama.cpp gives awkward texts with tokenizers of model families, for the tests.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineCommand } from '../../cli/command.ts'
import { TsinferError } from '../../engine/index.ts'
import { rewriteModel } from '../models/rewrite.ts'
import { EMBEDDED_MODEL } from '../models/vocabulary.ts'
import { type Llama, startLibrary } from './library.ts'
import { gemmaMetadata, PRE_TOKENIZERS, TOKEN_TEXTS, type TokenFixture } from './token-cases.ts'

const FIXTURE = fileURLToPath(new URL('../../../test/fixtures/tokens.json', import.meta.url))

export const command = defineCommand({
  usage: 'GPT-2-VOCABULARY',
  positionalsMax: 1,
  options: {},
  async run({ positionals: [vocabulary] }) {
    if (vocabulary === undefined) throw new TsinferError('option_invalid', 'expected a GGUF vocabulary, found none')
    const { llama, version } = await startLibrary(1)
    const folder = mkdtempSync(join(tmpdir(), 'tsinfer-tokens-'))
    const path = join(folder, 'vocabulary.gguf')
    const pre: Record<string, number[][]> = {}
    try {
      for (const name of PRE_TOKENIZERS) {
        rewriteModel(path, vocabulary, [{ key: 'tokenizer.ggml.pre', type: 'string', value: name }])
        pre[name] = await idsOf(llama, path)
      }
      rewriteModel(path, EMBEDDED_MODEL, gemmaMetadata())
      const oracle = `llama.cpp ${llama.llamaCppRelease.release} through node-llama-cpp ${version}`
      const fixture: TokenFixture = { oracle, pre, gemma: await idsOf(llama, path) }
      writeFileSync(FIXTURE, `${JSON.stringify(fixture)}\n`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
})

async function idsOf(llama: Llama, path: string): Promise<number[][]> {
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, useMmap: false })
  const ids = TOKEN_TEXTS.map((text) => [...model.tokenize(text, true)])
  await model.dispose()
  return ids
}
