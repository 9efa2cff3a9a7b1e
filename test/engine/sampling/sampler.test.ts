import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { TOP_COUNT } from '../../../engine/limits.ts'
import type { SamplingOptions } from '../../../engine/public/generation.ts'
import { resolveSampling } from '../../../engine/sampling/parameters.ts'
import { createScratch, Sampler } from '../../../engine/sampling/sampler.ts'
import { referenceFilter, referenceSample } from '../../reference/sampling.ts'
import { NOTHING, topOf } from './rows.ts'

const forbidden = (): Float32Array => {
  throw new Error('the full row was read')
}

function samplerOf(
  options: SamplingOptions,
  vocabularySize: number,
  prompt: readonly number[] = [],
  choice = 0,
): Sampler {
  const parameters = resolveSampling(options, vocabularySize, 1)
  return new Sampler(
    parameters,
    choice,
    { vocabularySize, scratch: createScratch(vocabularySize), tokenBytes: undefined },
    prompt,
  )
}

/** Logits on a coarse grid, so that ties are common. */
const rows = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.array(fc.integer({ min: -40, max: 40 }), { minLength: size, maxLength: size }))
  .map((grid) => Float32Array.from(grid, (value) => value / 8))

const optionSets = fc.record({
  temperature: fc.constantFrom(0, 0.3, 0.8, 1, 2.5),
  topK: fc.constantFrom(0, 1, 2, 40, 60, 64, 65, 100, 1000),
  topP: fc.constantFrom(0, 0.5, 0.95, 1),
  minP: fc.constantFrom(0, 0.05, 0.5, 1),
  repeatPenalty: fc.constantFrom(1, 1.1, 1.5, 0.8),
  repeatLastN: fc.constantFrom(-1, 0, 3, 64),
  presencePenalty: fc.constantFrom(0, 0.5, -0.5),
  frequencyPenalty: fc.constantFrom(0, 0.25, -0.25),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
})

const biases = fc.array(fc.tuple(fc.nat(299), fc.constantFrom(-2, 2, Number.NEGATIVE_INFINITY)), { maxLength: 3 })

test('the best 64 and the full row give the token of the plain rule', () => {
  fc.assert(
    fc.property(
      rows,
      optionSets,
      biases,
      fc.array(fc.nat(299), { maxLength: 80 }),
      fc.nat(5000),
      fc.nat(3),
      (logits, options, bias, tokens, position, choice) => {
        const size = logits.length
        const logitBias = Object.fromEntries(bias.filter(([id]) => id < size))
        if (size <= Object.keys(logitBias).length) return
        const history = tokens.map((token) => token % size)
        const parameters = resolveSampling({ ...options, logitBias }, size, 1)
        const expected = referenceSample(logits, history, parameters, choice, position)
        const sampler = samplerOf({ ...options, logitBias }, size, history, choice)
        assert.is(
          sampler.sample(topOf(logits), () => logits, position),
          expected,
        )
        assert.is(
          sampler.sample(NOTHING, () => logits, position),
          expected,
        )
      },
    ),
    { numRuns: 3000 },
  )
})

test('the full row is left alone where the best 64 are provably enough', () => {
  const logits = Float32Array.from({ length: 1000 }, (_, id) => ((id * 7919) % 1000) / 100)
  const prompt = Array.from(topOf(logits, 24).ids)
  const cases: SamplingOptions[] = [
    {},
    { temperature: 0 },
    { topK: 64 },
    { topK: 1 },
    { topK: 0, topP: 1, minP: 0.9 },
    { topK: 40, repeatPenalty: 1.3, repeatLastN: 24 },
    { topK: 40, presencePenalty: 9, frequencyPenalty: 1 },
    { temperature: 0, logitBias: { 0: -5 } },
  ]
  for (const options of cases) samplerOf(options, 1000, prompt).sample(topOf(logits), forbidden, 5)
  const needing: SamplingOptions[] = [
    { topK: 65 },
    { topK: 0 },
    { topK: 41, presencePenalty: 9 },
    { logitBias: { 3: 1 } },
    { repeatPenalty: 0.9 },
  ]
  for (const options of needing) {
    assert.throws(() => samplerOf(options, 1000, prompt).sample(topOf(logits), forbidden, 5), /full row/)
  }
})

test('greedy needs only the best token when nothing changes logits', () => {
  const logits = Float32Array.of(1, 5, 5, 2)
  assert.is(samplerOf({ temperature: 0 }, 4).sample(topOf(logits, 1), forbidden, 0), 1)
})

test('the noise draws from the softmax of the kept tokens', () => {
  const logits = Float32Array.from({ length: 80 }, (_, id) => Math.sin(id * 1.7) * 3)
  const draws = 20_000
  for (const options of [{}, { topK: 0, topP: 1, minP: 0, temperature: 1.5 }, { topP: 0.6 }, { minP: 0.3 }]) {
    for (const vary of ['position', 'seed', 'choice'] as const) {
      const parameters = resolveSampling(options, 80, 1)
      const kept = referenceFilter(logits, { parameters, history: [], chance: 1 })
      const weights = kept.map(({ logit }) => Math.exp(logit))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const counts = new Map<number, number>()
      const top = topOf(logits)
      const fixed = samplerOf({ ...options, seed: 7 }, 80)
      for (let i = 0; i < draws; i++) {
        const sampler =
          vary === 'position'
            ? fixed
            : samplerOf({ ...options, seed: vary === 'seed' ? i : 7 }, 80, [], vary === 'choice' ? i : 0)
        const token = sampler.sample(top, () => logits, vary === 'position' ? i : 3)!
        counts.set(token, (counts.get(token) ?? 0) + 1)
      }
      let chiSquare = 0
      kept.forEach(({ id }, i) => {
        const expected = (draws * weights[i]!) / total
        chiSquare += ((counts.get(id) ?? 0) - expected) ** 2 / expected
      })
      assert.is(
        [...counts.values()].reduce((sum, n) => sum + n, 0),
        draws,
      )
      assert.ok([...counts.keys()].every((id) => kept.some((candidate) => candidate.id === id)))
      const freedom = kept.length - 1
      // Beyond five standard deviations of the chi-square distribution.
      assert.ok(chiSquare < freedom + 5 * Math.sqrt(2 * freedom), `${vary}: ${chiSquare} for ${freedom}`)
    }
  }
})

test('penalties advance only with accepted tokens and forget beyond the window', () => {
  const logits = Float32Array.of(3, 2.9, 0)
  const sampler = samplerOf({ temperature: 0, presencePenalty: 1, repeatLastN: 2 }, 3)
  const next = (): number => sampler.sample(topOf(logits), () => logits, 0)!
  assert.is(next(), 0)
  assert.is(next(), 0)
  sampler.accept(0)
  assert.is(next(), 1)
  sampler.accept(2)
  assert.is(next(), 1)
  sampler.accept(2)
  assert.is(next(), 0)
})

test('repeat penalty lowers negative logits too', () => {
  const logits = Float32Array.of(-1, -1.2)
  assert.is(samplerOf({ temperature: 0, repeatPenalty: 1.5 }, 2, [0]).sample(topOf(logits), forbidden, 0), 1)
})

test('bans: by bias, by a filter, and all', () => {
  const logits = Float32Array.from({ length: 100 }, (_, id) => -id)
  const all = Object.fromEntries(Array.from({ length: 100 }, (_, id) => [id, Number.NEGATIVE_INFINITY]))
  const filter = { allows: (id: number) => id === 98, isPrepared: true, mask: () => Uint32Array.of(0, 0, 0, 1 << 2) }
  const plain = samplerOf({}, 100)
  assert.is(
    plain.sample(topOf(logits), () => logits, 0, filter),
    98,
  )
  const unprepared = { ...filter, isPrepared: false }
  assert.is(plain.sample(topOf(logits), forbidden, 0, unprepared), undefined, 'the mask is needed')
  assert.is(plain.sample(topOf(logits, 100), forbidden, 0, unprepared), 98, 'the mask is not needed')
  const banned = samplerOf({ temperature: 0, logitBias: { 0: Number.NEGATIVE_INFINITY } }, 100)
  assert.is(banned.sample(topOf(logits), forbidden, 0), 1)
  assert.throws(
    () => samplerOf({ logitBias: all }, 100).sample(topOf(logits), () => logits, 0),
    (error: unknown) => error instanceof TsinferError && error.code === 'option_invalid',
  )
})

test('odd logits: NaN is never chosen, infinity wins, only NaN is an error', () => {
  const some = Float32Array.of(Number.NaN, 1, Number.NaN, 2)
  for (const options of [{ temperature: 0 }, { logitBias: { 3: 1 } }, { topK: 0 }]) {
    const token = samplerOf(options, 4).sample(NOTHING, () => some, 0)
    assert.ok(token === 1 || token === 3)
  }
  const infinite = Float32Array.of(1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
  assert.is(
    samplerOf({}, 3).sample(topOf(infinite), () => infinite, 0),
    1,
  )
  assert.is(samplerOf({ temperature: 5e-324 }, 3).sample(topOf(Float32Array.of(0, 2, 1)), forbidden, 0), 1)
  const none = new Float32Array(3).fill(Number.NaN)
  assert.throws(
    () => samplerOf({}, 3).sample(topOf(none), () => none, 0),
    (error: unknown) => error instanceof TsinferError && error.code === 'logits_nan',
  )
})

/** The code with which nothing can be drawn from a row, by its best 64 or as a whole. */
function refusalOf(options: SamplingOptions, row: Float32Array, prompt: readonly number[] = []): string {
  const codes = [topOf(row), NOTHING].map((top) => {
    try {
      return String(samplerOf(options, row.length, prompt).sample(top, () => row, 0))
    } catch (error) {
      return error instanceof TsinferError ? error.code : 'no typed error'
    }
  })
  assert.is(codes[0], codes[1], 'the best 64 and the full row agree')
  return codes[0]!
}

test('no finite candidate: logits that are all -Infinity are a typed error with every filter', () => {
  for (const size of [1, 3, 64, 65, 300]) {
    const row = new Float32Array(size).fill(Number.NEGATIVE_INFINITY)
    const settings = [{}, { temperature: 0 }, { topK: 1 }, { topK: 0, topP: 1, minP: 0 }, { topP: 0 }, { minP: 1 }]
    for (const options of settings) assert.is(refusalOf(options, row), 'logits_infinite', JSON.stringify(options))
    row[size - 1] = -3
    for (const options of settings) assert.is(refusalOf(options, row), `${size - 1}`, JSON.stringify(options))
  }
})

test('no finite candidate: penalties and bias that take every token are the options fault', () => {
  const row = Float32Array.from({ length: 100 }, (_, id) => -id)
  const prompt = Array.from(row.keys())
  const all = (bias: number) => Object.fromEntries(prompt.map((id) => [id, bias]))
  for (const temperature of [0, 1]) {
    const huge = { temperature, repeatLastN: -1, frequencyPenalty: 1e308, presencePenalty: 1e308 }
    assert.is(refusalOf({ ...huge }, row, [...prompt, ...prompt]), 'option_invalid')
    assert.is(refusalOf({ temperature, logitBias: all(Number.NEGATIVE_INFINITY) }, row), 'option_invalid')
    assert.is(
      refusalOf({ temperature, repeatLastN: -1, repeatPenalty: 1e308 }, row.fill(-1e38), prompt),
      'option_invalid',
    )
  }
})

test('no finite candidate: whatever is given, a token of the vocabulary or a typed error', () => {
  const odd = fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -3.4e38, 3.4e38, 0, -0, 1, 1e-45)
  const extreme = fc.record({
    temperature: fc.constantFrom(0, 5e-324, 1, Number.MAX_VALUE),
    topK: fc.constantFrom(0, 1, 2, Number.MAX_SAFE_INTEGER),
    topP: fc.constantFrom(0, 5e-324, 0.5, 1),
    minP: fc.constantFrom(0, 5e-324, 1),
    repeatPenalty: fc.constantFrom(5e-324, 1, Number.MAX_VALUE),
    presencePenalty: fc.constantFrom(-Number.MAX_VALUE, 0, Number.MAX_VALUE),
    frequencyPenalty: fc.constantFrom(-Number.MAX_VALUE, 0, Number.MAX_VALUE),
    logitBias: fc.dictionary(
      fc.constantFrom('0', '1', '2'),
      fc.constantFrom(-Infinity, -Number.MAX_VALUE, Number.MAX_VALUE),
    ),
  })
  fc.assert(
    fc.property(
      fc.array(odd, { minLength: 3, maxLength: 90 }),
      extreme,
      fc.array(fc.nat(2)),
      (logits, options, prompt) => {
        const row = Float32Array.from(logits)
        const drawn = refusalOf(options as SamplingOptions, row, prompt)
        if (drawn === 'option_invalid' || drawn === 'logits_infinite') return
        assert.ok(Number(drawn) >= 0 && Number(drawn) < row.length, drawn)
      },
    ),
    { numRuns: 2000 },
  )
})

test('drafts are ranked by what would be drawn', () => {
  fc.assert(
    fc.property(rows, optionSets, biases, fc.array(fc.nat(299), { maxLength: 9 }), (row, options, bias, prompt) => {
      const logits = row.slice(0, TOP_COUNT)
      const known = <T>(items: readonly T[], id: (item: T) => number) => items.filter((i) => id(i) < logits.length)
      const logitBias = Object.fromEntries(known(bias, ([id]) => id))
      const settings = { ...options, topP: 1, logitBias }
      const sampler = samplerOf(
        settings,
        logits.length,
        known(prompt, (id) => id),
      )
      const ranked = sampler.rank(topOf(logits), 7, 3)
      const isBanned = logits.every((_, id) => logitBias[id] === Number.NEGATIVE_INFINITY)
      if (isBanned) return assert.equal(ranked, [])
      assert.is(
        ranked[0]!.token,
        sampler.sample(topOf(logits), () => logits, 7),
      )
      const sum = ranked.reduce((total, { probability }) => total + probability, 0)
      assert.ok(sum > 0 && sum <= 1 + 1e-9)
      assert.ok(ranked.every(({ probability }, i) => i === 0 || probability <= ranked[i - 1]!.probability))
    }),
    { numRuns: 500 },
  )
  assert.equal(samplerOf({}, 4).rank(NOTHING, 0, 3), [])
})

test.run()
