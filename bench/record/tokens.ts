// Records the ids that llama.cpp gives awkward texts with tokenizers of model families, for the tests.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { defineCommand } from '../../cli/shell/command.ts'
import { TsinferError } from '../../engine/index.ts'
import { PRE_TOKENIZER_NAMES } from '../../tokenizer/pre-tokenizers.ts'
import { rewriteModel } from '../forge/rewrite.ts'
import { EMBEDDED_MODEL } from '../forge/vocabulary.ts'
import type { Llama } from '../peers/library.ts'
import { record } from './llama.ts'
import { gemma4Metadata, gemmaMetadata, TOKEN_TEXTS, type TokenFixture } from './token-cases.ts'

export const command = defineCommand({
  usage: 'GPT-2-VOCABULARY',
  positionalsMax: 1,
  options: {},
  async run({ positionals: [vocabulary] }) {
    if (vocabulary === undefined) throw new TsinferError('option_invalid', 'expected a GGUF vocabulary, found none')
    await record(async ({ llama, folder, save }) => {
      const path = join(folder, 'vocabulary.gguf')
      const pre: Record<string, number[][]> = {}
      for (const names of PRE_TOKENIZER_NAMES) {
        for (const name of names) {
          rewriteModel(path, vocabulary, [{ key: 'tokenizer.ggml.pre', type: 'string', value: name }])
          const ids = await idsOf(llama, path)
          pre[names[0]!] ??= ids
          if (!isDeepStrictEqual(ids, pre[names[0]!]))
            throw new Error(`expected ${name} to cut as ${names[0]}, found another way`)
        }
      }
      rewriteModel(path, EMBEDDED_MODEL, gemmaMetadata())
      const gemma = await idsOf(llama, path)
      rewriteModel(path, EMBEDDED_MODEL, gemma4Metadata())
      const fixture: Omit<TokenFixture, 'oracle'> = { pre, gemma, gemma4: await idsOf(llama, path) }
      save('tokens', fixture)
    })
  },
})

async function idsOf(llama: Llama, path: string): Promise<number[][]> {
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, useMmap: false })
  const ids = TOKEN_TEXTS.map((text) => [...model.tokenize(text, true)])
  await model.dispose()
  return ids
}
