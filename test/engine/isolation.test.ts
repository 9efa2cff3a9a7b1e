// A request that fails takes no other with it, wherever in its own work it fails; a thread that dies takes all, with one
// typed error, and never the host.
import { setFlagsFromString } from 'node:v8'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../engine/engine.ts'
import type { TsinferError } from '../../engine/errors.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { loadKernels } from '../../engine/load/kernel-builds.ts'
import { preparePair } from '../../engine/load/prepare.ts'
import type { EngineRequest } from '../../engine/messages.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import { resolveSpeculation } from '../../engine/speculation/parameters.ts'
import { loadModel } from '../../index.ts'
import { repositoryPath } from '../shared.ts'
import { EMBEDDED_MODEL, generate, type StartedEngine, startEngine } from './started-engine.ts'

const PROMPT = [1, 403, 407, 261, 378]
const DRAFT_MODEL = repositoryPath('cli/models/stories75K-draft.gguf')

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: TsinferError) => error.code ?? String(error),
  )

async function read(engine: Engine, request: object): Promise<void> {
  for await (const _ of engine.request(request as EngineRequest)) _
}

const work = {
  kind: 'generate',
  prompt: Int32Array.from(PROMPT),
  parameters: resolveSampling({}, 512, 1),
  choices: 1,
  tokensMax: 20,
  stopTokens: [],
  stopStrings: [],
}
const sync = resolveSpeculation('sync', {})
const draft = sync && { draft: sync }
/** Nobody waits for the answer to what is asked of a transfer that is over. */
const UNANSWERED = 'a transfer that was never begun'
/** A number that arithmetic with others throws for. */
const ODD = 1n

/** Requests that fail in the conductor, each in another part of its work. */
const FAILING: Readonly<Record<string, object>> = {
  'a sampler that cannot be made': { ...work, parameters: { ...work.parameters, logitBias: [5] } },
  'a sampler that throws': { ...work, parameters: { ...work.parameters, temperature: ODD } },
  'a sampler that throws over penalties': {
    ...work,
    parameters: { ...work.parameters, repeatPenalty: 2, presencePenalty: ODD },
  },
  'a sampler that cannot be allocated': { ...work, choices: 2 ** 33 },
  'a constraint that cannot be made': { ...work, constraint: { name: 'x', grammar: { states: 7 } } },
  'stop strings that are none': { ...work, stopStrings: [7] },
  'a score that throws': { kind: 'score', prompt: work.prompt, from: 0, top: ODD },
  'an embedding that cannot be made': { kind: 'embed', prompt: work.prompt, from: 0, width: -1 },
  'an embedding that throws': { kind: 'embed', prompt: work.prompt, from: ODD, width: 8 },
  'no prompt': { ...work, prompt: undefined },
  'a prompt that is no list': { ...work, prompt: 7 },
  'a kind there is not': { kind: 'sing', prompt: work.prompt },
  'what no message can carry': { ...work, stopStrings: [() => 1] },
  [UNANSWERED]: { kind: 'read', bytes: 100 },
  'a session to restore that is too long': { kind: 'restore', session: 1, tokens: new Int32Array(5000) },
}

test('a failure of one request rejects no other, wherever the conductor fails with it', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { sequences: 3 })
  const go = () => [
    generate(started, PROMPT, { tokensMax: 40 }),
    generate(started, PROMPT, { tokensMax: 40, ...draft }),
  ]
  const [alone] = await generate(started, PROMPT, { tokensMax: 40 })
  for (const [name, request] of Object.entries(FAILING)) {
    const others = go()
    const failing = codeOf(read(started.engine, request))
    if (name !== UNANSWERED) {
      assert.match(await failing, /^(request_failed|option_invalid|prompt_invalid|prompt_too_long)$/, name)
    }
    for (const [tokens] of await Promise.all(others)) assert.equal(tokens, alone, name)
  }
  for (const [tokens] of await Promise.all(go())) assert.equal(tokens, alone)
})

test('a failure of one request rejects no other: a drafter that throws', async () => {
  await using started = await startPair()
  const [alone] = await generate(started, PROMPT, { tokensMax: 60 })
  // Greedy decoding reads no top k; ranking what the draft model says does.
  const greedy = { ...resolveSampling({ temperature: 0 }, 512, 1), topK: ODD }
  const odd = { ...work, parameters: greedy, tokensMax: 60, ...draft }
  const other = generate(started, PROMPT, { tokensMax: 60, ...draft })
  assert.is(await codeOf(read(started.engine, odd)), 'request_failed')
  assert.equal((await other)[0], alone)
  assert.equal((await generate(started, PROMPT, { tokensMax: 60 }))[0], alone)
})

async function startPair(
  settings?: Int32Array<SharedArrayBuffer>,
  hungry?: 'target' | 'draft',
): Promise<StartedEngine> {
  const pair = preparePair(openGguf(EMBEDDED_MODEL), openGguf(DRAFT_MODEL), { sequences: 3, context: 256 }, 2)
  const forward = { href: new URL('../stages/hungry-forward.js', import.meta.url).href, settings }
  const target = { ...pair.prepared, ...(hungry === 'target' && { forward }) }
  const drafting = { ...pair.draft, ...(hungry === 'draft' && { forward }) }
  const engine = await Engine.start(target, loadKernels('plain').module, { draft: drafting })
  return { engine, vocabularySize: target.config.vocabularySize, [Symbol.asyncDispose]: () => engine.close() }
}

for (const hungry of ['target', 'draft'] as const) {
  test(`out of memory: a stage of the ${hungry} model ends the engine with one typed error, and not the host`, async () => {
    setFlagsFromString('--max-old-space-size=24')
    try {
      const word = new Int32Array(new SharedArrayBuffer(4))
      await using started = await startPair(word, hungry)
      const running = [1, 2].map(() => codeOf(generate(started, PROMPT, { tokensMax: 200, ...draft })))
      Atomics.store(word, 0, 1)
      assert.equal(await Promise.all(running), ['out_of_memory', 'out_of_memory'])
      assert.is(await codeOf(generate(started, PROMPT, { tokensMax: 1 })), 'out_of_memory')
    } finally {
      setFlagsFromString('--max-old-space-size=4096')
    }
  })
}

test('out of memory: the conductor ends the engine with one typed error, and not the host', async () => {
  setFlagsFromString('--max-old-space-size=24')
  try {
    await using started = await startEngine(EMBEDDED_MODEL)
    const running = codeOf(generate(started, PROMPT, { tokensMax: 1500 }))
    const logitBias = Array.from({ length: 2_000_000 }, (_, id) => [id, 0.5])
    const huge = { ...work, parameters: { ...work.parameters, logitBias } }
    assert.is(await codeOf(read(started.engine, huge)), 'out_of_memory')
    assert.is(await running, 'out_of_memory')
  } finally {
    setFlagsFromString('--max-old-space-size=4096')
  }
})

test('a callback that throws: progress of a load is an error of that load, and of nothing else', async () => {
  const thrower = () => {
    throw new Error('the user threw')
  }
  await using model = await loadModel(EMBEDDED_MODEL, { context: 256 })
  const running = model.generate(PROMPT, { maxTokens: 100, ignoreEos: true })
  const failed = await loadModel(EMBEDDED_MODEL, { onProgress: thrower }).catch((error) => error)
  assert.match(String(failed), /the user threw/)
  assert.is((await running.result).stats.tokens, 100)
})

test('a request whose preparation fails leaves its session to the next one', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 256 })
  using session = model.session()
  const tooMany = Array.from({ length: 100_000 }, (_, i) => `stop ${i} ${'x'.repeat(50)}`)
  for (const stop of [tooMany, ['']]) {
    const failed = model.generate(PROMPT, { session, stop, maxTokens: 2 })
    assert.is.not(await codeOf(failed.result), 'done')
  }
  assert.is((await model.generate(PROMPT, { session, maxTokens: 2, ignoreEos: true }).result).stats.tokens, 2)
})

test.run()
