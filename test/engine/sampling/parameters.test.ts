import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import type { SamplingOptions } from '../../../engine/public/generation.ts'
import { headNeeded } from '../../../engine/sampling/filters/index.ts'
import { resolveSampling } from '../../../engine/sampling/parameters.ts'

test('defaults', () => {
  assert.equal(resolveSampling({}, 10, 99), {
    temperature: 0.8,
    topK: 40,
    topP: 0.95,
    minP: 0.05,
    repeatPenalty: 1,
    repeatLastN: 64,
    presencePenalty: 0,
    frequencyPenalty: 0,
    logitBias: [],
    seed: 99,
    typicalP: 1,
    topNSigma: -1,
    xtcProbability: 0,
    xtcThreshold: 0.1,
    dryMultiplier: 0,
    dryBase: 1.75,
    dryAllowedLength: 2,
    dryPenaltyLastN: -1,
    drySequenceBreakers: ['\n', ':', '"', '*'].map((text) => new TextEncoder().encode(text)),
    samplers: ['penalties', 'dry', 'top_n_sigma', 'top_k', 'typ_p', 'top_p', 'min_p', 'xtc', 'temperature'],
  })
})

test('given values are kept', () => {
  const parameters = resolveSampling(
    { temperature: 0, seed: 0, logitBias: { 3: -1, 9: Number.NEGATIVE_INFINITY } },
    10,
    99,
  )
  assert.is(parameters.temperature, 0)
  assert.is(parameters.seed, 0)
  assert.equal(parameters.logitBias, [
    [3, -1],
    [9, Number.NEGATIVE_INFINITY],
  ])
})

test('a bias of a token that the vocabulary does not have is refused', () => {
  assert.throws(
    () => resolveSampling({ logitBias: { 10: 1 } }, 10, 0),
    (error: unknown) =>
      error instanceof TsinferError &&
      error.code === 'option_invalid' &&
      error.message === 'logitBias: expected token ids below 10, found 10',
  )
})

test('what the last stage must report', () => {
  const head = (options: SamplingOptions) => headNeeded(resolveSampling(options, 10, 0), false)
  assert.is(head({ temperature: 0 }), 'best')
  assert.is(head({ topK: 1 }), 'best')
  assert.is(head({}), 'top')
  assert.is(headNeeded(resolveSampling({ temperature: 0 }, 10, 0), true), 'top')
  assert.is(head({ temperature: 0, repeatPenalty: 1.1 }), 'top')
  assert.is(head({ temperature: 0, repeatPenalty: 1.1, repeatLastN: 0 }), 'best')
  assert.is(head({ temperature: 0, logitBias: { 1: -1 } }), 'top')
  assert.is(head({ temperature: 0, dryMultiplier: 0.8 }), 'top')
  assert.is(head({ temperature: 0, dryMultiplier: 0.8, dryPenaltyLastN: 0 }), 'best')
  assert.is(head({ temperature: 0, xtcProbability: 0.5 }), 'top')
  assert.is(head({ temperature: 0, xtcProbability: 0.5, xtcThreshold: 0.6 }), 'best')
  assert.is(head({ temperature: 0, typicalP: 0.9, topNSigma: 1 }), 'top')
  assert.is(head({ temperature: 0, topNSigma: 1 }), 'best')
  assert.is(head({ temperature: 0, samplers: ['top_k', 'penalties'] }), 'top')
  assert.is(head({ temperature: 0, typicalP: 0.5, samplers: ['temperature', 'typ_p'] }), 'best')
})

test.run()
