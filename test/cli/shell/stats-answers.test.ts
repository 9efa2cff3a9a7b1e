// The figures of a generation in sentences.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answersOf, didSpeculationHelp } from '../../../cli/shell/stats-answers.ts'
import { type GenerateStats, loadModel } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const STATS = {
  promptTokens: 12,
  reusedTokens: 2,
  promptMs: 500,
  promptTokS: 20,
  tokens: 101,
  tokS: 50,
  decodeMs: 2000,
  policy: 'pipe',
  drafter: 'draft model',
  drafted: 200,
  accepted: 80,
  plainTokS: 25,
  plainIsBound: false,
  speedup: 2,
  targetMs: 1500,
  drafterMs: 600,
  waitingMs: 500,
} as unknown as GenerateStats

const changed = (fields: Partial<GenerateStats>) => didSpeculationHelp({ ...STATS, ...fields })

test('did speculation help: against a forecast, called so, with acceptance and where the time went', () => {
  const [load, answer] = answersOf(1234, STATS)
  assert.is(load, 'loaded in 1.23 s; read 10 prompt tokens in 0.500 s (20.0 tok/s)')
  assert.is(
    answer,
    'speculation helped, 2.00 times the speed (pipe, draft model: 80 of 200 guesses were right (40%)): 101 tokens in ' +
      '2.00 s, 50.0 tok/s; plain decoding is forecast to take 4.00 s (25.0 tok/s, from steps without guesses); the target ' +
      'computed 75% of the time, the drafter 30%, and the target waited 25%',
  )
})

test('did speculation help: it may cost, or make no difference', () => {
  assert.match(changed({ plainTokS: 60, speedup: 0.83 }), /^speculation cost time, 0\.830 times the speed /)
  assert.match(changed({ plainTokS: 50, speedup: 1 }), /^speculation made no difference, 1\.00 times/)
  assert.match(changed({ drafted: 0, accepted: 0, plainTokS: 50, speedup: 1 }), /no guess was sent/)
})

test('did speculation help: what is only a bound is called one', () => {
  assert.match(
    changed({ plainIsBound: true }),
    /^speculation may have helped, 2\.00 times the speed at most .* 4\.00 s at most/,
  )
  assert.match(changed({ plainIsBound: true, speedup: 0.5 }), /^speculation cost time, 0\.500 times the speed or less/)
  assert.match(changed({ plainTokS: null, speedup: null }), /is not known/)
})

test('did speculation help: off is plain, and a single token says nothing', () => {
  assert.match(
    changed({ policy: 'off', drafter: null }),
    /^speculation was off: 101 tokens in 2\.00 s, 50\.0 tok\/s, is/,
  )
  assert.match(changed({ tokS: 0 }), /too few tokens/)
})

test('stats of every policy: the same figures, which add up', async () => {
  const draftModel = repositoryPath('cli/models/stories75K-draft.gguf')
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { draftModel, context: 512 })
  assert.ok(model.info.loadMs > 0)
  for (const speculation of ['off', 'sync', 'pipe', 'auto'] as const) {
    const options = { temperature: 0, maxTokens: 60, ignoreEos: true, speculation }
    const { stats } = await model.generate('Once upon a time', options).result
    assert.is(stats.policy, speculation)
    assert.is(stats.drafter, speculation === 'off' ? null : 'draft model')
    assert.ok(stats.plainTokS! > 0, speculation)
    assert.is(stats.speedup, stats.tokS / stats.plainTokS!)
    assert.ok(Math.abs(stats.targetMs + stats.waitingMs - stats.decodeMs) < 1e-6)
    // auto may decide that a text this short is better without.
    if (speculation !== 'auto') assert.is(stats.drafterMs > 0, speculation !== 'off', speculation)
    assert.ok(stats.promptTokS! > 0)
    if (speculation === 'off') assert.is(stats.speedup, 1)
  }
})

test('stats of n-grams: they are named, and their time is theirs', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { context: 512 })
  const options = { temperature: 0, maxTokens: 80, ignoreEos: true, speculation: 'sync' } as const
  const { stats } = await model.generate('Lily saw a dog. Lily saw a', options).result
  assert.equal([stats.policy, stats.drafter], ['sync', 'n-grams'])
  assert.ok(stats.drafterMs > 0 && stats.drafterMs < stats.decodeMs)
})

test.run()
