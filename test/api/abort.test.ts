// Requests that are stopped, and several readers of one: what every public function owes its caller.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { loadModel, type Model, openTokenizer, TsinferError } from '../../index.ts'
import { repositoryPath } from '../shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-abort-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const MODEL = join(folder, 'chat.gguf')
rewriteModel(MODEL, repositoryPath('cli/models/stories260K.gguf'), [
  { key: 'tokenizer.chat_template', type: 'string', value: '{% for m in messages %}{{ m.content }}{% endfor %}' },
])
const PROMPT = [1, 403, 407, 261, 378]
const ask = [{ role: 'user', content: 'Once upon a time' }]

const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))

const errorOf = (promise: Promise<unknown>): Promise<TsinferError> =>
  promise.then(
    () => assert.unreachable('expected a rejection') as never,
    (error) => error,
  )

async function drain(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of items) count++
  return count
}

test('an aborted request: AbortError, code aborted, the reason as cause; before it begins and while it runs', async () => {
  await using model = await loadModel(MODEL, { context: 512 })
  await using tokenizer = await openTokenizer(MODEL)
  const reason = new Error('the user left')
  const long = { ignoreEos: true, temperature: 0 }
  const kinds: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
    generate: (signal) => model.generate(PROMPT, { ...long, signal }).result,
    'generate from a text': (signal) => model.generate('Once upon a time', { ...long, signal }).result,
    'pieces of a generation': (signal) => drain(model.generate(PROMPT, { ...long, signal })),
    chat: (signal) => model.chat(ask, { ...long, signal }).result,
    'pieces of a chat': (signal) => drain(model.chat(ask, { ...long, signal })),
    embed: (signal) => model.embed(Array(200).fill(PROMPT), { signal }),
    'embed texts': (signal) => model.embed(Array(200).fill('Once upon a time'), { signal }),
    score: (signal) => drain(model.score(Array(500).fill(300), { signal })),
    tokenize: (signal) => model.tokenize('Once '.repeat(400_000), { signal }),
    encode: (signal) => tokenizer.encode('Once '.repeat(400_000), { signal }),
    loadModel: async (signal) => (await loadModel(MODEL, { signal })).close(),
  }
  for (const [name, run] of Object.entries(kinds)) {
    for (const when of ['before', 'meanwhile']) {
      const stop = new AbortController()
      if (when === 'before') stop.abort(reason)
      const running = errorOf(run(stop.signal))
      setImmediate(() => stop.abort(reason))
      const error = await running
      assert.instance(error, TsinferError, `${name} ${when}`)
      assert.equal([error.name, error.code], ['AbortError', 'aborted'], `${name} ${when}: ${error.message}`)
      assert.is(error.cause, reason, `${name} ${when}`)
    }
  }
  assert.is((await model.generate(PROMPT, { maxTokens: 3 }).result).choices[0]!.ids.length, 3)
})

test('an aborted request that waits for its session: AbortError, with the reason', async () => {
  await using model = await loadModel(MODEL, { context: 512 })
  using session = model.session()
  const first = model.generate(PROMPT, { session, ignoreEos: true })
  const stop = new AbortController()
  const second = errorOf(model.generate(PROMPT, { session, signal: stop.signal }).result)
  await first[Symbol.asyncIterator]().next()
  stop.abort('enough')
  const { name, code, cause } = await second
  assert.equal([name, code, cause], ['AbortError', 'aborted', 'enough'])
  for await (const _ of first) break
  assert.is((await errorOf(first.result)).name, 'AbortError')
  assert.is((await model.generate(PROMPT, { session, maxTokens: 2 }).result).choices[0]!.ids.length, 2)
})

test('one signal: twelve requests on it, and an embedding of twelve texts, warn of no leak', async () => {
  await using model = await loadModel(MODEL, { context: 512 })
  const stop = new AbortController()
  const { signal } = stop
  const short = { maxTokens: 4, signal }
  await Promise.all(Array.from({ length: 12 }, () => model.generate('Once', short).result))
  await Promise.all(Array.from({ length: 12 }, () => model.chat(ask, short).result))
  await Promise.all(Array.from({ length: 12 }, () => model.tokenize('Once', { signal })))
  await Promise.all(Array.from({ length: 12 }, () => drain(model.score(PROMPT, { signal }))))
  await model.embed(Array(12).fill('Once upon'), { signal })
  await model.embed(Array(12).fill('Once upon'))
  using session = model.session()
  const queued = Array.from({ length: 12 }, () => errorOf(model.generate(PROMPT, { session, signal }).result))
  stop.abort()
  for (const { code } of await Promise.all(queued)) assert.is(code, 'aborted')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(warnings, [])
})

const twoReaders: Record<
  string,
  (model: Model) => AsyncIterable<unknown> & { result: Promise<{ stats: { tokens: number } }> }
> = {
  generation: (model) => model.generate(PROMPT, { maxTokens: 12, ignoreEos: true, temperature: 0 }),
  chat: (model) => model.chat(ask, { maxTokens: 12, ignoreEos: true, temperature: 0 }),
}
for (const [name, start] of Object.entries(twoReaders)) {
  test(`two readers: two loops over one ${name} share its pieces, and two next() at once`, async () => {
    await using model = await loadModel(MODEL, { context: 128 })
    const looped = start(model)
    const [first, second] = await Promise.all([drain(looped), drain(looped)])
    assert.is(first! + second!, (await looped.result).stats.tokens)
    assert.ok(first! > 0 && second! > 0, `${first} and ${second}`)
    const pieces = start(model)[Symbol.asyncIterator]()
    const both = await Promise.all([pieces.next(), pieces.next()])
    assert.equal(
      both.map(({ done }) => done),
      [false, false],
    )
    assert.is.not(both[0].value, both[1].value)
  })
}

test.run()
