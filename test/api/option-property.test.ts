// Whatever is passed to the public functions, they answer or refuse with a typed error, take no memory in proportion to a
// number that was passed, and the model works afterwards.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MESSAGE_CHARS_MAX } from '../../engine/limits.ts'
import { CHAT, EMBED, GENERATE, LOAD, SCORE, TEMPLATE, TOKENIZE, TOKENIZER } from '../../engine/options/table.ts'
import {
  checkResponseFormat,
  inspectModel,
  inspectPair,
  keepTuning,
  loadModel,
  type Model,
  openTokenizer,
  readChatTemplate,
  TsinferError,
} from '../../index.ts'
import { repositoryPath } from '../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-options-'))
// Odd paths may be good ones: what is written there must not lie in the repository.
process.chdir(folder)
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** More than anything here needs; what a claimed 1e9 would take at once. */
const GROWTH_BYTES_MAX = 256 << 20

class Foreign {
  readonly inner = 1
  get broken(): never {
    throw new Error('a getter of the caller')
  }
}

const throwing = (): object =>
  new Proxy(
    {},
    {
      get() {
        throw new Error('a trap of the caller')
      },
      ownKeys() {
        throw 'no error at all'
      },
    },
  )

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
}

function cyclic(): object {
  const value: Record<string, unknown> = { role: 'user', content: 'x', type: 'json_schema' }
  value.self = value
  value.schema = value
  return value
}

/** A list that claims to be as long as lists can be. */
const endless = (): unknown[] => new Proxy([], { get: (_, key) => (key === 'length' ? 2 ** 53 - 1 : 1) })

const makers: readonly (() => unknown)[] = [
  throwing,
  revoked,
  cyclic,
  endless,
  () => new Array(2 ** 32 - 1),
  () => new Foreign(),
  () => ({
    get role(): never {
      throw new Error('a getter of the caller')
    },
  }),
  () => new Map([['topK', 1]]),
  () => new Date(Number.NaN),
  () => Symbol('s'),
  () => () => 1,
  () => new Uint8Array(3),
  () => new Float64Array([1e300, Number.NaN]),
  () => new URL('https://example.org/model.gguf'),
  () => 10n ** 400n,
  () => Promise.resolve(1),
  () => new Proxy(new AbortController().signal, {}),
  () => ({ aborted: false }),
  () => Object.create(null),
]

/** How to make a value: made outside the property, some could not be handled by fast-check itself. */
type Recipe = () => unknown

const always = (value: unknown): Recipe => {
  return () => value
}

const odd: fc.Arbitrary<Recipe> = fc.oneof(
  fc.constantFrom(...makers),
  fc.constantFrom(null, true, false, '', 'x', '\u0000', 'file://%zz', '\ud800', -0, -1, 0, 0.5, 1, 64, 65).map(always),
  fc.constantFrom(1e10, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e308, -1e308, Infinity, -Infinity, NaN).map(always),
  fc.array(fc.anything(), { maxLength: 3 }).map(always),
  fc.array(fc.constantFrom(...makers), { maxLength: 2 }).map(
    (parts): Recipe =>
      () =>
        parts.map((make) => make()),
  ),
  fc
    .anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true })
    .map(always),
)

/** Options of a table: one or two of them odd, and now and then no options at all. */
const oddOptions = (table: object): fc.Arbitrary<Recipe> => {
  const some = fc.dictionary(fc.constantFrom(...Object.keys(table)), odd, { minKeys: 1, maxKeys: 2 })
  const made = some.map(
    (recipes): Recipe =>
      () => {
        return Object.fromEntries(Object.entries(recipes).map(([name, make]) => [name, make()]))
      },
  )
  return fc.oneof({ weight: 6, arbitrary: made }, { weight: 1, arbitrary: odd })
}

/** Passes where the call answers or is refused with a typed error of a short line. */
async function isOrderly(call: () => unknown, messageMax = 1000): Promise<void> {
  try {
    const answer = await call()
    if (typeof answer === 'object' && answer !== null && 'close' in answer) await (answer as Model).close()
  } catch (error) {
    assert.instance(error, TsinferError, `${(error as Error)?.stack ?? error}`)
    const { message } = error as TsinferError
    assert.ok(message.length <= messageMax, `a message of ${message.length} characters: ${message.slice(0, 200)}`)
    assert.not.match(message, /\n/)
  }
}

async function drained(iterable: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of iterable) {
    // Nothing is wanted of it.
  }
}

let model: Model
test.before(async () => {
  model = await loadModel(MODEL, { context: 64, lanes: 1 })
})
test.after(() => model.close())

const story = async () =>
  (await model.generate('Once', { temperature: 0, maxTokens: 4, choices: 1 }).result).choices[0]!.ids

/** Throws odd values at calls; the model tells the same story afterwards. */
async function survives(runs: number, calls: Readonly<Record<string, (given: unknown) => unknown>>, of: object) {
  const before = await story()
  const bytes = process.memoryUsage().rss
  for (const [name, call] of Object.entries(calls)) {
    await fc
      .assert(
        fc.asyncProperty(oddOptions(of), (make) => isOrderly(() => call(make()))),
        { numRuns: runs, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
      )
      .catch((error: Error) => {
        throw new Error(`${name}: ${error.message}: ${error.cause}`)
      })
  }
  assert.equal(await story(), before)
  assert.ok(process.memoryUsage().rss - bytes < GROWTH_BYTES_MAX, 'memory grew with a number that was passed')
}

type Any = never

test('any option: of generate and chat', async () => {
  // A text of this model ends early at the latest with its context of 64.
  const chatted = (given: unknown) => model.chat([{ role: 'user', content: 'x' }], given as Any).result
  const calls = {
    generate: (given: unknown) => model.generate([1, 403], given as Any).result,
    'generate, iterated': (given: unknown) => drained(model.generate('Once', given as Any)),
    chat: chatted,
  }
  await survives(150, calls, { ...GENERATE, ...CHAT })
})

test('any option: of score, embed, tokenize', async () => {
  await survives(150, { score: (given) => drained(model.score([1, 403], given as Any)) }, SCORE)
  await survives(150, { embed: (given) => model.embed(['Once'], given as Any) }, EMBED)
  await survives(150, { tokenize: (given) => model.tokenize('Once', given as Any) }, TOKENIZE)
})

test('any option: of inspectModel, readChatTemplate, checkResponseFormat', async () => {
  await survives(150, { inspectModel: (given) => inspectModel(MODEL, given as Any) }, LOAD)
  await survives(100, { readChatTemplate: (given) => readChatTemplate(MODEL, given as Any) }, TEMPLATE)
  const format = { type: 1, schema: 1 }
  await survives(150, { checkResponseFormat: (given) => checkResponseFormat(given as Any) }, format)
})

test('any option: of loadModel and openTokenizer', async () => {
  // Paths that can be written have a test of their own.
  const { trace: _trace, tuning: _tuning, costs: _costs, ...table } = LOAD
  const calls = { loadModel: (given: unknown) => loadModel(MODEL, given as Any) }
  await survives(25, calls, table)
  await survives(25, { openTokenizer: (given) => openTokenizer(MODEL, given as Any) }, TOKENIZER)
})

/** Makes what is no regular file; false where the system has no such thing. */
function makeFifo(path: string): boolean {
  return spawnSync('mkfifo', [path]).status === 0
}

const deep = join(folder, 'no', 'such', 'folder', 'file')
writeFileSync(join(folder, 'text'), 'no model, no session, no tuning')
symlinkSync(join(folder, 'round'), join(folder, 'round'))
const SPECIAL_FILES = ['/dev/null', '/dev/zero', '/dev/full', '/dev/fd/99'].filter(existsSync)
const TUNED = { lanes: 1, chunkRows: 64, barrierSpins: 0 }
const fifo = join(folder, 'fifo')

/** Whatever is given for a path; a text of any characters stays inside the folder. */
const oddPath: fc.Arbitrary<Recipe> = fc.oneof(
  fc
    .constantFrom('', '.', '..', '/', folder, `${folder}/`, deep, join(folder, 'text'), join(folder, 'round'))
    .map(always),
  fc.constantFrom(...SPECIAL_FILES, ...(makeFifo(fifo) ? [fifo] : [])).map(always),
  fc
    .constantFrom('file:///', 'file://%zz', 'file://host/share', 'FILE:///dev/null', '\u0000', 'a\u0000b', '\ud800')
    .map(always),
  fc
    .constantFrom('x'.repeat(300), 'x'.repeat(5000), 'x'.repeat(1e6), 'a/'.repeat(3000))
    .map((name) => always(join(folder, name))),
  fc.constantFrom(pathToFileURL(folder), new URL('file:///%2e%2e/'), new URL('data:text/plain,x')).map(always),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((name) => always(join(folder, `odd-${name.replaceAll(/[/.]/g, '_')}`))),
  odd.map(
    (make): Recipe =>
      () => {
        const value = make()
        return typeof value === 'string' ? join(folder, `odd-${value.replaceAll(/[/.]/g, '_')}`) : value
      },
  ),
)

test('any path: of models, drafts, tunings, costs, traces and sessions', async () => {
  const before = await story()
  const session = model.session()
  await model.generate('Once', { session, maxTokens: 2 }).result
  const calls: Readonly<Record<string, (given: unknown) => unknown>> = {
    loadModel: (given) => loadModel(given as Any),
    draftModel: (given) => loadModel(MODEL, { context: 64, draftModel: given as Any }),
    tuning: (given) => loadModel(MODEL, { context: 64, tuning: given as Any }),
    costs: (given) => loadModel(MODEL, { context: 64, costs: given as Any }),
    trace: (given) => loadModel(MODEL, { context: 64, trace: given as Any }),
    inspectModel: (given) => inspectModel(given as Any),
    'inspectPair, draft': (given) => inspectPair(MODEL, given as Any),
    'inspectPair, model': (given) => inspectPair(given as Any, MODEL),
    openTokenizer: (given) => openTokenizer(given as Any),
    readChatTemplate: (given) => readChatTemplate(given as Any),
    'keepTuning, folder': (given) => keepTuning(given as Any, MODEL, TUNED),
    'keepTuning, model': (given) => keepTuning(folder, given as Any, TUNED),
    'save a session': (given) => session.save(given as Any),
    'load a session': (given) => session.load(given as Any),
  }
  for (const [name, call] of Object.entries(calls)) {
    const isLoading = ['tuning', 'costs', 'trace'].includes(name)
    await fc
      .assert(
        fc.asyncProperty(oddPath, (make) => isOrderly(() => call(make()), MESSAGE_CHARS_MAX)),
        { numRuns: isLoading ? 20 : 60 },
      )
      .catch((error: Error) => {
        throw new Error(`${name}: ${error.message}: ${error.cause}`)
      })
  }
  session.close()
  assert.equal(await story(), before)
  for (const path of SPECIAL_FILES) assert.not.ok(lstatSync(path).isFile(), `${path} is what it was`)
})

test('any argument: prompts, messages, ids, texts, paths', async () => {
  const session = model.session()
  const calls = {
    generate: (given: unknown) => model.generate(given as Any, { maxTokens: 1 }).result,
    chat: (given: unknown) => model.chat(given as Any, { maxTokens: 1, chatTemplate: '{{ messages }}' }).result,
    score: (given: unknown) => drained(model.score(given as Any)),
    embed: (given: unknown) => model.embed(given as Any),
    tokenize: (given: unknown) => model.tokenize(given as Any),
    detokenize: (given: unknown) => model.detokenize(given as Any),
    loadModel: (given: unknown) => loadModel(given as Any),
    openTokenizer: (given: unknown) => openTokenizer(given as Any),
    inspectModel: (given: unknown) => inspectModel(given as Any),
    inspectPair: (given: unknown) => inspectPair(MODEL, given as Any),
    readChatTemplate: (given: unknown) => readChatTemplate(given as Any),
    'keepTuning, tuning': (given: unknown) => keepTuning(folder, MODEL, given as Any),
    'load a session': (given: unknown) => session.load(given as Any),
    'a note': (given: unknown) => session.save(join(folder, 'kept'), given as Any),
  }
  await survives(60, calls, { role: 1, content: 1, length: 1 })
  session.close()
})

test('one text for a list of one, and file URLs for paths', async () => {
  const url = pathToFileURL(MODEL)
  for (const path of [url, url.href]) {
    await using other = await loadModel(path, { context: 64 })
    assert.is(other.info.path, MODEL)
    assert.is((await inspectModel(path)).path, MODEL)
  }
  assert.equal(await model.embed('Once'), await model.embed(['Once']))
  const { choices } = await model.generate('Once upon', { temperature: 0, stop: 'a', maxTokens: 20 }).result
  assert.equal(
    choices,
    (await model.generate('Once upon', { temperature: 0, stop: ['a'], maxTokens: 20 }).result).choices,
  )
  await using tokenizer = await openTokenizer(url)
  assert.equal(await tokenizer.encode('Once'), await model.tokenize('Once'))
  const codeOf = (promise: Promise<unknown>) => promise.catch((error: TsinferError) => error.code)
  assert.is(await codeOf(model.chat(null as Any).result), 'prompt_invalid')
  assert.is(await codeOf(model.generate('x', { choices: 1e10 }).result), 'option_invalid')
  assert.is(await codeOf(model.generate('x', { repeatLastN: 2 ** 53 - 1 }).result), 'option_invalid')
})

test.run()
