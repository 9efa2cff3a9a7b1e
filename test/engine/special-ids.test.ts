// A model whose file names special tokens that its vocabulary does not have: it loads with llama.cpp's defaults.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { EMBEDDED_MODEL } from '../../bench/forge/vocabulary.ts'
import { loadModel } from '../../index.ts'
import { temporaryPath } from './gguf/temporary.ts'

test('special ids beyond the vocabulary: said once, and the default is taken', async () => {
  const path = temporaryPath('ids.gguf')
  const id = (role: string, value: number) => ({ key: `tokenizer.ggml.${role}_token_id`, type: 'u32', value }) as const
  rewriteModel(path, EMBEDDED_MODEL, [id('bos', 512), id('eos', 4e9), id('eot', 99999), id('padding', 0xffffffff)])
  const notices: string[] = []
  await using odd = await loadModel(path, { context: 64, onNotice: (notice) => void notices.push(notice) })
  await using usual = await loadModel(EMBEDDED_MODEL, { context: 64 })
  assert.equal(
    notices.filter((notice) => notice.startsWith('tokenizer.')),
    [
      'tokenizer.ggml.bos_token_id: expected a token id below 512, found 512; 1 is used',
      'tokenizer.ggml.eos_token_id: expected a token id below 512, found 4000000000; 2 is used',
      'tokenizer.ggml.eot_token_id: expected a token id below 512, found 99999; none is used',
    ],
  )
  assert.equal(await odd.tokenize('Once'), await usual.tokenize('Once'))
})

test.run()
