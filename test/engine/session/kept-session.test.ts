// Sessions over the whole engine: the text is that of a request without one, and only what is new is evaluated.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type GenerateOptions, type LoadOptions, loadModel, type Model, type TsinferError } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const DRAFT = repositoryPath('cli/models/stories75K-draft.gguf')
const CONTEXT = 160
const VOCABULARY = 512

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: TsinferError) => error.code,
  )

interface Turn {
  /** Share of the text so far that the prompt begins with. */
  readonly keep: number
  readonly fresh: readonly number[]
  readonly tokensMax: number
  readonly seed: number
  /** Tokens after which the user stops the answer. */
  readonly stopAfter: number | undefined
}

const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    keep: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    fresh: fc.array(fc.integer({ min: 3, max: VOCABULARY - 1 }), { maxLength: 12 }),
    tokensMax: fc.integer({ min: 1, max: 14 }),
    seed: fc.nat(9),
    stopAfter: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.nat(6)),
  }),
  { minLength: 2, maxLength: 6 },
)

const common = (a: readonly number[], b: readonly number[]): number => {
  const end = a.findIndex((token, i) => token !== b[i])
  return end < 0 ? a.length : end
}

/** The answer as far as it is wanted, and whether it came to its end. */
async function ask(
  model: Model,
  prompt: readonly number[],
  options: GenerateOptions,
  stopAfter: number | undefined,
): Promise<{ readonly ids: number[]; readonly reused: number; readonly isWhole: boolean }> {
  const stop = new AbortController()
  const generation = model.generate(prompt, { ...options, signal: stop.signal })
  const ids: number[] = []
  if (stopAfter === 0) stop.abort()
  try {
    for await (const { token } of generation) {
      ids.push(token)
      if (ids.length === stopAfter) stop.abort()
    }
    const { choices, stats } = await generation.result
    return { ids: [...choices[0]!.ids], reused: stats.reusedTokens, isWhole: true }
  } catch (error) {
    assert.is((error as TsinferError).code, 'aborted')
    await codeOf(generation.result)
    return { ids, reused: 0, isWhole: false }
  }
}

/** One conversation in a session of `model`, against `plain`, which knows no session. */
async function converse(model: Model, plain: Model, script: readonly Turn[], more: GenerateOptions): Promise<void> {
  using session = model.session()
  let text: number[] = [1]
  /** What must be in cells; unknown after a stop. */
  let kept: number[] | undefined = []
  for (const { keep, fresh, tokensMax, seed, stopAfter } of script) {
    const prompt = [...text.slice(0, Math.max(1, Math.round(text.length * keep))), ...fresh].slice(0, CONTEXT - 20)
    const options = { temperature: 0.9, seed, maxTokens: tokensMax, ignoreEos: true }
    const expected = (await plain.generate(prompt, options).result).choices[0]!.ids
    const { ids, reused, isWhole } = await ask(model, prompt, { ...options, ...more, session }, stopAfter)
    assert.equal(ids, isWhole ? expected : expected.slice(0, ids.length))
    text = [...prompt, ...ids]
    if (isWhole && kept) assert.is(reused, Math.min(common(kept, prompt), prompt.length - 1))
    kept = isWhole ? text.slice(0, -1) : undefined
  }
}

const SETTINGS: readonly (readonly [name: string, load: LoadOptions, generate: GenerateOptions])[] = [
  ['one stage', { stages: 1, lanes: 1 }, {}],
  ['three stages, two lanes, chunks of 3', { stages: 3, lanes: 2, chunkRows: 3 }, {}],
  ['n-grams', { stages: 2, chunkRows: 7 }, { speculation: 'pipe', draft: { pMin: 0 } }],
  ['a draft model', { stages: 2, draftModel: DRAFT }, { speculation: 'pipe', draft: { nMax: 6, pMin: 0 } }],
  ['a draft model in turn', { draftModel: DRAFT, chunkRows: 5 }, { speculation: 'sync' }],
]

for (const [name, load, more] of SETTINGS) {
  test(`the same text as without a session, and only what is new is evaluated: ${name}`, async () => {
    await using plain = await loadModel(MODEL, { context: CONTEXT })
    await using model = await loadModel(MODEL, { context: CONTEXT, ...load })
    await fc.assert(
      fc.asyncProperty(turns, (script) => converse(model, plain, script, more)),
      { numRuns: 8 },
    )
  })
}

test('conversations side by side, with cells for one: each loses its cells, none its text', async () => {
  await using plain = await loadModel(MODEL, { context: CONTEXT })
  await using model = await loadModel(MODEL, { context: CONTEXT, kvCells: CONTEXT, stages: 2 })
  const scripts = [1, 2, 3, 4].map((seed): Turn[] =>
    Array.from({ length: 4 }, (_, turn) => ({
      ...{ keep: 1, fresh: [seed * 20 + turn, 300], tokensMax: 12 },
      ...{ seed, stopAfter: turn === 2 ? 3 : undefined },
    })),
  )
  const talk = async (script: readonly Turn[]) => {
    using session = model.session()
    let text: number[] = [1]
    for (const { fresh, tokensMax, seed, stopAfter } of script) {
      const prompt = [...text, ...fresh]
      const options = { temperature: 0.9, seed, maxTokens: tokensMax, ignoreEos: true }
      const expected = (await plain.generate(prompt, options).result).choices[0]!.ids
      const { ids, isWhole } = await ask(model, prompt, { ...options, session }, stopAfter)
      assert.equal(ids, isWhole ? expected : expected.slice(0, ids.length))
      text = [...prompt, ...ids]
    }
  }
  await Promise.all(scripts.map(talk))
})

test('requests of one session run one after the other; each goes on from the one before', async () => {
  await using model = await loadModel(MODEL, { context: CONTEXT, sequences: 4 })
  using session = model.session()
  const options = { temperature: 0, maxTokens: 10, ignoreEos: true, session }
  const prompt = [1, 403, 407, 261, 378, 432, 383]
  const results = await Promise.all([1, 2, 3].map(() => model.generate(prompt, options).result))
  assert.equal(
    results.map(({ stats }) => stats.reusedTokens),
    [0, prompt.length - 1, prompt.length - 1],
  )
  // One that is stopped while it waits does not hold up the next.
  const stop = new AbortController()
  const first = model.generate(prompt, { ...options, maxTokens: 100 })
  const waiting = model.generate(prompt, { ...options, signal: stop.signal })
  const next = model.generate(prompt, options)
  stop.abort()
  assert.is(await codeOf(waiting.result), 'aborted')
  await first.result
  assert.equal((await next.result).choices, results[0]!.choices)
})

test('a closed session, and one of another model, are refused', async () => {
  await using model = await loadModel(MODEL, { context: CONTEXT })
  await using other = await loadModel(MODEL, { context: CONTEXT })
  const session = model.session()
  assert.is(await codeOf(other.generate([1], { session, maxTokens: 1 }).result), 'option_invalid')
  const running = model.generate([1, 403], { session, maxTokens: 20, ignoreEos: true })
  const waiting = model.generate([1, 403], { session, maxTokens: 20 })
  for await (const { token } of running) {
    assert.ok(token >= 0)
    session.close()
  }
  session.close()
  assert.is((await running.result).choices[0]!.ids.length, 20)
  assert.is(await codeOf(waiting.result), 'closed')
  assert.is(await codeOf(model.generate([1], { session }).result), 'closed')
})

test.run()
