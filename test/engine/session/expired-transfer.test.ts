// A session that is being saved, by somebody who stops reading, while others need its cells.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { resolveSampling } from '../../../engine/sampling/parameters.ts'
import { EMBEDDED_MODEL, generate, startEngine } from '../started-engine.ts'

const PROMPT = Int32Array.from({ length: 40 }, (_, i) => 3 + i)

test('the transfer ends with an error, the others go on, and the session keeps its text as long as it can', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 64, kvCells: 64 })
  const { engine, vocabularySize } = started
  const session = engine.openSession()
  const parameters = resolveSampling({ temperature: 0 }, vocabularySize, 1)
  const sampled = { parameters, choices: 1, stopTokens: [], stopStrings: [] }
  for await (const _ of engine.request({ kind: 'generate', prompt: PROMPT, tokensMax: 1, session, ...sampled }));
  const transfer = engine.transfer({ kind: 'hold', session })
  const opened = await transfer.answers.next()
  assert.is(opened.value?.kind, 'opened')
  // Not a cell is left beside the session's for a text of full length: it waits, and the bell rings for nobody.
  const order: string[] = []
  const failed = transfer.answers.next().then(
    () => undefined,
    (error: unknown) => {
      order.push('expired')
      return error
    },
  )
  const texts = generate(started, [1, 403, 407], { tokensMax: 64 }).then((tokens) => {
    order.push('text')
    return tokens
  })
  const error = await failed
  assert.instance(error, TsinferError)
  assert.is((error as TsinferError).code, 'request_failed')
  assert.match((error as TsinferError).message, /^the session: expected its transfer to end within 10 s .* found it/)
  assert.is((await texts)[0]!.length, 61)
  assert.equal(order, ['expired', 'text'])
})

test.run()
