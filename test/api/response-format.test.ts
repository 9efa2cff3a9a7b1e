// Texts of a given form on the real engine: valid for every seed, the same however they are scheduled, and refused before
// anything is generated where they cannot be.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type GenerateOptions, loadModel, type Model, type ResponseFormat, TsinferError } from '../../index.ts'
import { SCHEMAS } from '../engine/constraint/schemas.ts'
import { EMBEDDED_MODEL } from '../engine/started-engine.ts'
import { schemaFault } from '../reference/json-schema.ts'
import { repositoryPath } from '../shared.ts'

const PROMPT = 'Once upon a time'
const format = (schema: object) => ({ type: 'json_schema', schema }) as const

test('every choice is a valid value and ends by itself, for 20 schemas', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 256, sequences: 8 })
  for (const [seed, [name, schema]] of Object.entries(SCHEMAS).entries()) {
    // Close to the shortest value for some of them.
    const maxTokens = [200, 60, 45][seed % 3]!
    const options = { temperature: 1.2, topK: seed % 2 === 0 ? 40 : 0, seed, maxTokens, choices: 8 }
    const { choices } = await model.generate(PROMPT, { ...options, responseFormat: format(schema) }).result
    for (const { text, finishReason, ids } of choices) {
      assert.is(schemaFault(JSON.parse(text), schema), '', `${name}: ${text}`)
      assert.is(finishReason, 'stop', `${name}: ${text}`)
      assert.ok(ids.length <= maxTokens)
    }
  }
})

const GRAMMAR = `root ::= (item ", ")* item "."
item ::= [a-z]{2,5} | "(" item " and " item ")" | "é😀"`

const FORMS: readonly (readonly [ResponseFormat, RegExp])[] = [
  [{ type: 'grammar', grammar: GRAMMAR }, /^[a-zé😀, ()]+\.$/u],
  [
    { type: 'regex', pattern: '[A-Z][a-z]{1,9}(?: [a-z]{2,6}){1,20}[.!]' },
    /^[A-Z][a-z]{1,9}(?: [a-z]{2,6}){1,20}[.!]$/,
  ],
  [
    { type: 'choice', choices: ['There was a dog', 'a cat', 'There was a cat', ' é😀'] },
    /^(There was a dog|a cat|There was a cat| é😀)$/,
  ],
]

test('grammars, regular expressions and choices: every text fits and ends by itself, however it is scheduled', async () => {
  const write = async (model: Model, options: GenerateOptions) =>
    (await model.generate(PROMPT, options).result).choices.map(({ text, finishReason }) => [text, finishReason])
  const asked = FORMS.flatMap(([responseFormat], i) =>
    [0, 1, 2].map((seed) => ({
      responseFormat,
      seed,
      maxTokens: 60 - 9 * i,
      choices: 3,
      temperature: 1.2,
      topK: 30 * seed,
    })),
  )
  const expected: (string | undefined)[][][] = []
  {
    await using model = await loadModel(EMBEDDED_MODEL, { context: 128, sequences: 3 })
    for (const options of asked) expected.push(await write(model, options))
  }
  for (const [i, choices] of expected.entries()) {
    for (const [text, finishReason] of choices) {
      assert.match(text!, FORMS[Math.floor(i / 3)]![1])
      assert.is(finishReason, 'stop')
    }
  }
  assert.ok(new Set(expected.flat(2)).size > 12, 'the texts differ')
  await using model = await loadModel(EMBEDDED_MODEL, { context: 128, sequences: 9, stages: 2 })
  for (const speculation of ['sync', 'pipe'] as const) {
    const together = asked.map((options) => write(model, { ...options, speculation, draft: { pMin: 0 } }))
    assert.equal(await Promise.all(together), expected, speculation)
  }
})

const CASES: readonly GenerateOptions[] = [
  { temperature: 0 },
  { temperature: 0.8, seed: 4 },
  { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed: 7 },
  { temperature: 0.8, seed: 3, repeatPenalty: 1.3, presencePenalty: 0.5 },
  { temperature: 1, seed: 8, choices: 3, maxTokens: 30 },
  { temperature: 1, seed: 9, ignoreEos: true },
]
const SCHEMA = SCHEMAS['array of objects']!

async function write(model: Model, options: GenerateOptions): Promise<string[]> {
  const all = { maxTokens: 120, ...options, responseFormat: format(SCHEMA) }
  return (await model.generate(PROMPT, all).result).choices.map(({ text, ids }) => `${text} ${ids}`)
}

async function writePlainly(): Promise<string[][]> {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 256, sequences: 3 })
  const texts = []
  for (const options of CASES) texts.push(await write(model, options))
  return texts
}

test('speculation, stages and company change nothing', async () => {
  const expected = await writePlainly()
  await using model = await loadModel(EMBEDDED_MODEL, { context: 256, sequences: 9, stages: 3 })
  for (const speculation of ['off', 'sync', 'pipe'] as const) {
    const together = CASES.map((options) => write(model, { ...options, speculation, draft: { pMin: 0 } }))
    assert.equal(await Promise.all(together), expected, speculation)
  }
})

test('a draft model, which knows nothing of the form, changes nothing', async () => {
  const expected = await writePlainly()
  const draftModel = repositoryPath('cli/models/stories75K-draft.gguf')
  for (const stages of [1, 2]) {
    await using model = await loadModel(EMBEDDED_MODEL, { context: 256, sequences: 9, stages, threads: 2, draftModel })
    for (const speculation of ['sync', 'pipe', 'auto'] as const) {
      for (const draft of [{ pMin: 0 }, { pMin: 0, pSplit: 0, nMax: 8 }]) {
        const together = CASES.map((options) => write(model, { ...options, speculation, draft }))
        assert.equal(
          await Promise.all(together),
          expected,
          `${stages} stages, ${speculation}, ${JSON.stringify(draft)}`,
        )
      }
    }
    const eager = { ...CASES[0]!, speculation: 'sync', draft: { pMin: 0 }, responseFormat: format(SCHEMA) } as const
    const { stats } = await model.generate(PROMPT, eager).result
    assert.ok(stats.drafted > 0)
  }
})

test('any JSON object; numbers go on until the model ends them', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 128, sequences: 8 })
  const ask = async (options: GenerateOptions) =>
    (await model.generate(PROMPT, { seed: 1, temperature: 1, ...options }).result).choices.map(({ text }) => text)
  for (const text of await ask({ responseFormat: { type: 'json_object' }, choices: 8 })) {
    const value: unknown = JSON.parse(text)
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), text)
  }
  // Whatever ends a text is likely here: it comes as soon as a number may end, and not before.
  const numbers = await ask({ responseFormat: format({ type: 'integer' }), choices: 8, logitBias: { 1: 50, 2: 50 } })
  for (const text of numbers) assert.match(text, /^-?\d$/)
  const free = await ask({ responseFormat: { type: 'text' }, maxTokens: 20 })
  assert.equal(free, await ask({ maxTokens: 20 }))
})

test('what cannot be is refused before generating, and the model goes on', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 64 })
  const refusal = async (options: object) => {
    const generation = model.generate(PROMPT, { seed: 1, ...options })
    let tokens = 0
    try {
      for await (const _ of generation) tokens++
    } catch (error) {
      if (!(error instanceof TsinferError)) throw error
      assert.is(tokens, 0)
      return `${error.code}: ${error.message}`
    }
    throw new Error(`${JSON.stringify(options)} was not refused`)
  }
  assert.match(
    await refusal({ responseFormat: format({ type: 'string', pattern: '\\bword' }) }),
    /^schema_unsupported: schema #\/pattern: expected what an automaton can hold, found \\b$/,
  )
  assert.match(
    await refusal({ responseFormat: { type: 'xml' } }),
    /^option_invalid: responseFormat.type: expected one of text/,
  )
  assert.match(
    await refusal({ responseFormat: { type: 'grammar', grammar: 'root ::= "a" |\n b' } }),
    /^grammar_invalid: grammar line 2, column 2: expected the name of a rule, found "b"$/,
  )
  assert.match(
    await refusal({ responseFormat: { type: 'choice', pattern: 'a' } }),
    /^option_invalid: responseFormat.choices: expected a list of at most 16384 texts, found undefined$/,
  )
  const long = format({ const: 'x'.repeat(100) })
  assert.match(
    await refusal({ responseFormat: long }),
    /^option_invalid: responseFormat: expected room .* found room for 59 tok/,
  )
  const small = { responseFormat: format({ type: 'boolean' }), maxTokens: 1 }
  assert.match(await refusal(small), /expected room for its shortest text, 4 tokens, found room for 1 tokens/)
  const bans = Object.fromEntries(Array.from({ length: 512 }, (_, id) => [id, Number.NEGATIVE_INFINITY]))
  assert.match(
    await refusal({ ...small, maxTokens: 20, logitBias: bans }),
    /^option_invalid: logitBias: expected a token/,
  )
  const { choices } = await model.generate(PROMPT, { seed: 1, ...small, maxTokens: 5 }).result
  assert.ok(['true', 'false'].includes(choices[0]!.text))
})

/** Takes a second to be refused. */
const HOSTILE = {
  oneOf: Array.from({ length: 90 }, (_, i) => ({
    anyOf: Array.from({ length: 90 }, (_, j) => ({ const: i * 1000 + j })),
  })),
}

test('a form that takes long to compile holds nobody up, and what is behind it comes in its turn', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 64, sequences: 4 })
  const order: string[] = []
  const note = (name: string, result: Promise<unknown>) =>
    result.then(
      () => order.push(name),
      (error: TsinferError) => order.push(`${name}: ${error.code}`),
    )
  const aborted = new AbortController()
  const ended = [
    note('hostile', model.generate(PROMPT, { responseFormat: format(HOSTILE) }).result),
    note('given up', model.generate(PROMPT, { responseFormat: format(HOSTILE), signal: aborted.signal }).result),
    note('kept', model.generate(PROMPT, { responseFormat: format({ type: 'boolean' }) }).result),
    note('plain', model.generate(PROMPT, { maxTokens: 20 }).result),
    note('text', model.tokenize('once upon a time')),
  ]
  setImmediate(() => aborted.abort())
  await Promise.all(ended)
  assert.equal(order.slice(-2), ['hostile: schema_unsupported', 'kept'])
  assert.equal(order.slice(0, -2).sort(), ['given up: aborted', 'plain', 'text'])
})

test('requests enter a session in the order of their calls, with a form or without', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 64, sequences: 4 })
  await using session = model.session()
  const order: string[] = []
  const first = model.generate(PROMPT, { session, responseFormat: format({ type: 'boolean' }) })
  const refused = model.generate(PROMPT, { session, responseFormat: format({ type: 'string', pattern: '\\bword' }) })
  const second = model.generate(PROMPT, { session, maxTokens: 2 })
  await Promise.all([
    first.result.then(() => order.push('first')),
    refused.result.catch(() => order.push('refused')),
    second.result.then(() => order.push('second')),
  ])
  assert.equal(order, ['first', 'refused', 'second'])
})

test.run()
