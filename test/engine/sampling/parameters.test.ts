import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { headNeeded, resolveSampling } from '../../../engine/sampling/parameters.ts'
import type { SamplingOptions } from '../../../engine/types.ts'

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

test('errors name the option, what it may be and what it is', () => {
  const cases: [SamplingOptions, RegExp][] = [
    [{ temperature: -1 }, /^temperature: expected a number of at least 0, found -1$/],
    [{ temperature: Number.NaN }, /^temperature: .* found NaN$/],
    [{ temperature: Number.POSITIVE_INFINITY }, /^temperature: /],
    [{ topK: 1.5 }, /^topK: expected an integer of at least 0, found 1.5$/],
    [{ topK: -1 }, /^topK: /],
    [{ topP: 1.01 }, /^topP: expected a number from 0 to 1, found 1.01$/],
    [{ minP: -0.1 }, /^minP: /],
    [{ repeatPenalty: 0 }, /^repeatPenalty: expected a number above 0, found 0$/],
    [{ repeatLastN: -2 }, /^repeatLastN: /],
    [{ presencePenalty: Number.NaN }, /^presencePenalty: /],
    [{ frequencyPenalty: Number.POSITIVE_INFINITY }, /^frequencyPenalty: /],
    [{ seed: 2 ** 32 }, /^seed: expected an integer from 0 to 4294967295, found 4294967296$/],
    [{ seed: 0.5 }, /^seed: /],
    [{ logitBias: { 10: 1 } }, /^logitBias: expected token ids below 10, found 10$/],
    [{ logitBias: { 1: Number.POSITIVE_INFINITY } }, /^logitBias: .* for token 1, found Infinity$/],
    [{ logitBias: { x: 1 } as Record<number, number> }, /^logitBias: .* found x$/],
    [{ topK: '40' } as unknown as SamplingOptions, /^topK: /],
  ]
  for (const [options, message] of cases) {
    assert.throws(
      () => resolveSampling(options, 10, 0),
      (error: unknown) =>
        error instanceof TsinferError && error.code === 'option_invalid' && message.test(error.message),
      JSON.stringify(options),
    )
  }
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
})

test.run()
