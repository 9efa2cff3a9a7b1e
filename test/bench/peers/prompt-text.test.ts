import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textOfTokens } from '../../../bench/peers/prompt-text.ts'
import { openTokenizer } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

test('texts have as many tokens as asked for', async () => {
  const tokenizer = await openTokenizer(repositoryPath('cli/models/stories260K.gguf'))
  const countOf = async (text: string) => (await tokenizer.encode(text)).length
  try {
    // The first token is the one that every text begins with.
    for (const count of [1, 2, 3, 17, 128, 512]) assert.is(await countOf(await textOfTokens(count, countOf)), count)
  } finally {
    await tokenizer.close()
  }
})

test('no such text: an error', async () => {
  await textOfTokens(3, async (text) => 2 * text.length).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /expected a text of 3 tokens/),
  )
})

test.run()
