// Speculation on real stages: the token ids are those of plain decoding, for every policy, number of stages and way of
// sampling; and the figures of what was drafted add up.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DraftOptions, type GenerateOptions, type GenerateResult, loadModel, type Model } from '../../index.ts'
import { repositoryPath } from '../shared.ts'
import { EMBEDDED_MODEL } from './started-engine.ts'

/** A prompt that repeats itself, so that n-grams have something to say. */
const TALE = 'Lily went to the park. Lily saw a big dog. The dog was red. Lily went to the park. Lily saw a big'
const EAGER: DraftOptions = { pMin: 0 }

const CASES: Readonly<Record<string, GenerateOptions>> = {
  greedy: { temperature: 0 },
  'temperature 0.8': { temperature: 0.8, seed: 11 },
  'temperature 1.2, everything kept': { temperature: 1.2, topK: 0, topP: 1, minP: 0, seed: 5 },
  'repeat penalty': { temperature: 0.8, seed: 3, repeatPenalty: 1.3 },
  'logit bias': { temperature: 0, logitBias: { 261: 2.5, 432: Number.NEGATIVE_INFINITY, 286: -1 } },
  'dry, typical, xtc': {
    temperature: 0.9,
    seed: 4,
    dryMultiplier: 0.8,
    typicalP: 0.9,
    xtcProbability: 0.4,
    xtcThreshold: 0.2,
  },
  'another order': {
    ...{ temperature: 1.3, seed: 6, repeatPenalty: 1.2, topNSigma: 1.5, topP: 0.8 },
    samplers: ['top_n_sigma', 'temperature', 'top_p', 'penalties'],
  },
  'stop string across tokens': { temperature: 0, stop: ['y was s', 'e d', 'to pl'] },
  choices: { temperature: 1, seed: 8, choices: 3 },
  'to the end of the context': { temperature: 0.5, seed: 2, maxTokens: 500, ignoreEos: true },
}

const text = ({ choices }: GenerateResult) =>
  choices.map(({ ids, text, finishReason }) => ({ ids: ids.join(), text, finishReason }))

const generate = (model: Model, options: GenerateOptions) => model.generate(TALE, { maxTokens: 48, ...options }).result

const DRAFT_MODEL = repositoryPath('cli/models/stories75K-draft.gguf')

for (const stages of [1, 2, 3, 5]) {
  test(`${stages} stages, a draft model: sync, pipe and auto write what plain decoding writes`, async () => {
    const drafting = { draftModel: DRAFT_MODEL, draftStages: stages === 3 ? 2 : 1 }
    await using model = await loadModel(EMBEDDED_MODEL, { stages, context: 256, sequences: 3, threads: 2, ...drafting })
    for (const [name, options] of Object.entries(CASES)) {
      const plain = await generate(model, { ...options, speculation: 'off' })
      assert.is(plain.stats.drafted, 0)
      for (const draft of [{ pMin: 0.3 }, { pMin: 0, pSplit: 0.1, nMax: 8 }]) {
        for (const speculation of ['auto', 'pipe', 'sync'] as const) {
          const result = await generate(model, { ...options, speculation, draft })
          assert.equal(text(result), text(plain), `${name}, ${speculation}, ${JSON.stringify(draft)}`)
          checkFigures(result)
          // What pipe sends depends on who is faster; sync waits for its drafter.
          if (speculation === 'sync') assert.ok(result.stats.accepted > 0, `${name}: ${JSON.stringify(result.stats)}`)
        }
      }
    }
  })

  test(`${stages} stages: sync, pipe and auto write what plain decoding writes`, async () => {
    await using model = await loadModel(EMBEDDED_MODEL, { stages, context: 256, sequences: 3, threads: 2 })
    for (const [name, options] of Object.entries(CASES)) {
      const plain = await generate(model, options)
      assert.is(plain.stats.drafted, 0)
      assert.is(plain.stats.acceptance, null)
      for (const speculation of ['sync', 'pipe', 'auto'] as const) {
        for (const draft of [{}, EAGER, { ...EAGER, nMax: 8, pRecovery: 0.05 }]) {
          const result = await generate(model, { ...options, speculation, draft })
          assert.equal(text(result), text(plain), `${name}, ${speculation}, ${JSON.stringify(draft)}`)
          checkFigures(result)
        }
      }
    }
  })
}

function checkFigures({ stats }: GenerateResult): void {
  const { drafted, accepted, cancelledRows, wastedRows, acceptance, acceptancePerGuess } = stats
  assert.is(drafted, accepted + cancelledRows + wastedRows)
  assert.is(acceptance, drafted === 0 ? null : accepted / drafted)
  if (acceptancePerGuess !== null) assert.ok(acceptancePerGuess >= 0 && acceptancePerGuess <= 1)
}

test('a text that repeats itself is guessed', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { stages: 2, context: 512 })
  // Without a stop the greedy text of a small model runs in circles.
  const options = { temperature: 0, maxTokens: 400, ignoreEos: true } as const
  for (const speculation of ['sync', 'pipe'] as const) {
    const { stats } = await generate(model, { ...options, speculation })
    assert.ok(stats.accepted > 20, `${speculation}: ${JSON.stringify(stats)}`)
  }
})

test('requests that speculate and requests that do not share the stages', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { stages: 2, context: 256, sequences: 4 })
  const requests = (['off', 'sync', 'pipe', 'auto'] as const).map((speculation, seed) => ({
    temperature: 0.8,
    seed,
    speculation,
    draft: EAGER,
  }))
  const together = await Promise.all(requests.map((options) => generate(model, options)))
  for (const [i, options] of requests.entries()) {
    const alone = await generate(model, { ...options, speculation: 'off' })
    assert.equal(text(together[i]!), text(alone), options.speculation)
  }
})

test('one row per chunk leaves room for one drafted row at a time', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { stages: 2, context: 128, chunkRows: 1 })
  const plain = await generate(model, { temperature: 0 })
  for (const speculation of ['sync', 'pipe'] as const) {
    const result = await generate(model, { temperature: 0, speculation, draft: { ...EAGER, nMax: 8 } })
    assert.equal(text(result), text(plain))
  }
})

test('an abort in the middle leaves a draft model that goes on to draft', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { stages: 2, context: 128, draftModel: DRAFT_MODEL })
  const plain = await generate(model, { temperature: 0, speculation: 'off' })
  for (let round = 0; round < 30; round++) {
    const leaving = new AbortController()
    const { result } = model.generate(TALE, { temperature: 0, signal: leaving.signal, draft: EAGER })
    setTimeout(() => leaving.abort(), round % 7)
    await result.catch(() => undefined)
  }
  for (const speculation of ['pipe', 'sync'] as const) {
    const result = await generate(model, { temperature: 0, draft: EAGER, speculation })
    assert.equal(text(result), text(plain))
    if (speculation === 'sync') assert.ok(result.stats.accepted > 0)
  }
})

test('options that cannot be are refused', async () => {
  await using model = await loadModel(EMBEDDED_MODEL, { context: 64 })
  const refuses = async (options: object, message: RegExp) => {
    try {
      await model.generate([1], options).result
    } catch (error) {
      assert.is((error as { code: string }).code, 'option_invalid')
      return assert.match((error as Error).message, message)
    }
    assert.unreachable('nothing was refused')
  }
  await refuses({ speculation: 'fast' }, /speculation: expected one of off, sync, pipe, auto, found "fast"/)
  await refuses({ speculation: 'pipe', draft: { nMax: 0 } }, /nMax: expected an integer from 1 to 32, found 0/)
  await refuses({ draft: { pMin: 2 } }, /pMin: expected a number from 0 to 1, found 2/)
})

test.run()
