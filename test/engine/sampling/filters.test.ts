// Every filter in every order against the float64 reference, from the best 64 and from the full row; and what repetitions
// are, and cost.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { REPETITION_PLACES_MAX } from '../../../engine/limits.ts'
import { SAMPLERS } from '../../../engine/options/samplers.ts'
import type { SamplerName, SamplingOptions } from '../../../engine/public/generation.ts'
import { GumbelNoise } from '../../../engine/sampling/noise.ts'
import { resolveSampling } from '../../../engine/sampling/parameters.ts'
import { Repetitions } from '../../../engine/sampling/repetitions.ts'
import { createScratch, Sampler } from '../../../engine/sampling/sampler.ts'
import type { TokenBytes } from '../../../engine/sampling/stop-strings.ts'
import { referenceSample, repeatedLengths } from '../../reference/sampling.ts'
import { NOTHING, topOf } from './rows.ts'

/** Token t prints the t-th of these texts, again and again. */
const TEXTS = ['a', 'b:', ' c', '\n', 'the "', '', '*x', 'end', ' of', ' the end o', 'f'] as const
function vocabularyOf(size: number): TokenBytes {
  const pieces = Array.from({ length: size }, (_, id) => new TextEncoder().encode(TEXTS[id % TEXTS.length]!))
  const offsets = new Uint32Array(size + 1)
  for (const [i, piece] of pieces.entries()) offsets[i + 1] = offsets[i]! + piece.length
  return { bytes: Uint8Array.from(pieces.flatMap((piece) => [...piece])), offsets }
}

const contextOf = (vocabularySize: number, tokenBytes?: TokenBytes) => ({
  ...{ vocabularySize, tokenBytes },
  scratch: createScratch(vocabularySize),
})

/** Whether a breaker ends in each token of the text. */
function breaksOf(tokens: readonly number[], breakers: readonly string[]): boolean[] {
  let text = ''
  return tokens.map((token) => {
    const before = text.length
    text += TEXTS[token % TEXTS.length]!
    return breakers.some((breaker) => {
      for (let at = text.indexOf(breaker); at >= 0; at = text.indexOf(breaker, at + 1)) {
        if (at + breaker.length > before) return true
      }
      return false
    })
  })
}

/** Logits on a grid, so that ties are common. */
const rows = fc
  .oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 200 }))
  .chain((size) => fc.array(fc.integer({ min: -40, max: 40 }), { minLength: size, maxLength: size }))
  .map((grid) => Float32Array.from(grid, (value) => value / 8))

const BREAKERS = [['\n', ':', '"', '*'], [], ['end of'], ['x', 'the end']] as const
const options = fc.record({
  temperature: fc.constantFrom(0, 0.3, 0.8, 1, 2.5),
  topK: fc.constantFrom(0, 1, 5, 40, 100),
  topP: fc.constantFrom(0.53, 0.95, 1),
  minP: fc.constantFrom(0, 0.0512, 0.51),
  typicalP: fc.constantFrom(0, 0.237, 0.9011, 1, 1),
  topNSigma: fc.constantFrom(-1, 0.517, 1.013, 2.019),
  xtcProbability: fc.constantFrom(0, 0.5, 1),
  xtcThreshold: fc.constantFrom(0, 0.0517, 0.113, 0.5, 0.6),
  repeatPenalty: fc.constantFrom(1, 1.3),
  repeatLastN: fc.constantFrom(-1, 3),
  presencePenalty: fc.constantFrom(0, 0.5),
  dryMultiplier: fc.constantFrom(0, 0.8, 3),
  dryBase: fc.constantFrom(1, 1.75),
  dryAllowedLength: fc.constantFrom(1, 2, 3, 6),
  dryPenaltyLastN: fc.constantFrom(-1, 0, 5, 20),
  drySequenceBreakers: fc.constantFrom<readonly string[]>(...BREAKERS),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
  samplers: fc.oneof(fc.constant(SAMPLERS), fc.shuffledSubarray([...SAMPLERS])),
})
/** Few different tokens, so that texts repeat themselves. */
const texts = fc.oneof(
  fc.array(fc.nat(10), { maxLength: 40 }),
  fc.array(fc.nat(1), { maxLength: 40 }),
  fc.array(fc.nat(10), { maxLength: 8 }).map((part) => [...part, 3, ...part, ...part, ...part]),
)

test('every filter in every order: the best 64 and the full row give the token of the reference', () => {
  const used = new Map<string, number>()
  fc.assert(
    fc.property(rows, options, texts, fc.nat(5000), fc.nat(3), (logits, given, tokens, position, choice) => {
      const size = logits.length
      const history = tokens.map((token) => token % size)
      const parameters = resolveSampling(given, size, 1)
      const breaks = breaksOf(history, given.drySequenceBreakers)
      const expected = referenceSample(logits, history, parameters, choice, position, breaks)
      const sampler = new Sampler(parameters, choice, contextOf(size, vocabularyOf(size)), history)
      for (const top of [topOf(logits), NOTHING, topOf(logits)]) {
        assert.is(
          sampler.sample(top, () => logits, position),
          expected,
        )
      }
      // Each of the filters decides now and then.
      for (const name of given.samplers) {
        const samplers = given.samplers.filter((one) => one !== name)
        const without = referenceSample(logits, history, { ...parameters, samplers }, choice, position, breaks)
        if (without !== expected) used.set(name, (used.get(name) ?? 0) + 1)
      }
    }),
    { numRuns: 4000 },
  )
  assert.equal([...used.keys()].sort(), SAMPLERS.toSorted())
})

function drawOf(given: SamplingOptions, logits: Float32Array, position = 3, history: readonly number[] = []): number {
  const parameters = resolveSampling({ topK: 0, topP: 1, minP: 0, seed: 5, ...given }, logits.length, 1)
  const sampler = new Sampler(parameters, 0, contextOf(logits.length), history)
  return sampler.sample(topOf(logits), () => logits, position)!
}

test('xtc: how often is the share of positions that a seed gives it, and the last top choice stays', () => {
  // Probabilities 0.6, 0.25, 0.1 and 0.05.
  const logits = Float32Array.from([0.6, 0.25, 0.1, 0.05], Math.log)
  const greedy = { temperature: 0, xtcProbability: 0.3, xtcThreshold: 0.2 }
  const draws = Array.from({ length: 4000 }, (_, position) => drawOf(greedy, logits, position))
  const noise = new GumbelNoise(5, 0)
  assert.equal(
    draws,
    draws.map((_, position) => {
      noise.setPosition(position)
      return noise.chance <= 0.3 ? 1 : 0
    }),
  )
  const share = draws.filter((token) => token === 1).length / draws.length
  assert.ok(Math.abs(share - 0.3) < 0.03, `${share}`)
  assert.is(drawOf({ temperature: 0, xtcProbability: 1, xtcThreshold: 0.04 }, logits), 3)
  assert.is(drawOf({ temperature: 0, xtcProbability: 1, xtcThreshold: 0.3 }, logits), 0, 'one top choice stays')
  assert.is(drawOf({ temperature: 0, xtcProbability: 1, xtcThreshold: 0.51 }, logits), 0)
})

test('typical: the likeliest token goes where it says less than is expected', () => {
  // The first says 0.7 nats, each of the 32 others 4.2; 2.4 are expected.
  const logits = Float32Array.from([0.5, ...new Array<number>(32).fill(0.5 / 32)], Math.log)
  assert.is(drawOf({ temperature: 0, typicalP: 0.2 }, logits), 0)
  const flat = Float32Array.from([0.3, ...new Array<number>(70).fill(0.01)], Math.log)
  assert.is.not(drawOf({ temperature: 0, typicalP: 0.2 }, flat), 0)
})

test('top-n-sigma: what lies too far below the best goes, at any temperature', () => {
  const logits = Float32Array.of(10, 9.5, 0, 0, 0, 0, 1, -1)
  for (let position = 0; position < 200; position++) {
    assert.ok(drawOf({ temperature: 50, topNSigma: 1 }, logits, position) < 2)
  }
  const free = Array.from({ length: 200 }, (_, position) => drawOf({ temperature: 50 }, logits, position))
  assert.ok(Math.max(...free) > 2)
})

test('dry: a repetition is the less likely the longer it is, and ends where a breaker stands', () => {
  const logits = Float32Array.of(1, 0, 0, 0)
  const greedy = { temperature: 0, dryMultiplier: 1, dryBase: 2 }
  // After 2 3 came 0: once more that costs 1, as a third token 2.
  assert.is(drawOf(greedy, logits, 3, [2, 3, 0, 2, 3]), 0)
  assert.is(drawOf(greedy, logits, 3, [1, 2, 3, 0, 1, 2, 3]), 1)
  assert.is(drawOf({ ...greedy, dryAllowedLength: 3 }, logits, 3, [1, 2, 3, 0, 1, 2, 3]), 0)
  const sampler = (breakers: readonly string[]) =>
    new Sampler(
      resolveSampling({ ...greedy, drySequenceBreakers: breakers }, 4, 1),
      ...([0, contextOf(4, vocabularyOf(4)), [1, 2, 3, 0, 1, 2, 3]] as const),
    ).sample(topOf(logits), () => logits, 7)
  assert.is(sampler([]), 1)
  assert.is(sampler([' c\n']), 0)
})

test('repetitions are those of the reference, for any window and breakers', () => {
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom(-1, 1, 4, 30),
      fc.nat(5),
      fc.constantFrom(...BREAKERS),
      (text, lastN, more, breakers) => {
        const lengthLeast = 1 + more
        const repetitions = new Repetitions({
          ...{ lengthLeast, lengthMost: Number.POSITIVE_INFINITY, lastN },
          breakers: breakers.map((breaker) => new TextEncoder().encode(breaker)),
          tokenBytes: vocabularyOf(16),
        })
        for (const token of text) repetitions.add(token)
        const all = repeatedLengths(text, lastN, breaksOf(text, breakers))
        const expected = [...all].filter(([, length]) => length >= lengthLeast).sort(([a], [b]) => a - b)
        assert.equal(
          [...repetitions.longest()].sort(([a], [b]) => a - b),
          expected,
        )
      },
    ),
    { numRuns: 3000 },
  )
})

test('of more earlier places than are looked at, the latest count, each as far as it makes a difference', () => {
  const limits = { lengthLeast: 1, lengthMost: 20, lastN: -1, breakers: [], tokenBytes: undefined }
  const far = new Repetitions(limits)
  for (const token of [9, 7]) far.add(token)
  for (let i = 0; i < REPETITION_PLACES_MAX - 2; i++) for (const token of [9, 8]) far.add(token)
  far.add(9)
  assert.equal([...far.longest().keys()].sort(), [7, 8])
  for (let i = 0; i < 2; i++) for (const token of [8, 9]) far.add(token)
  assert.equal([...far.longest().keys()], [8])
  const same = new Repetitions(limits)
  for (let i = 0; i < 100_000; i++) same.add(1)
  assert.equal([...same.longest()], [[1, 20]])
})

test('penalties of any size leave a token or are the options fault', () => {
  const logits = Float32Array.of(1, 2)
  const huge = { temperature: 0, dryMultiplier: Number.MAX_VALUE, dryBase: 1e30, dryAllowedLength: 1 }
  assert.is(drawOf(huge, logits, 3, [0, 1, 0]), 0)
  assert.throws(() => drawOf(huge, logits, 3, [0, 0, 1, 0, 0, 0]), /^dryMultiplier: expected a token that/)
})

test('a filter that is not named is off', () => {
  const logits = Float32Array.from({ length: 200 }, (_, id) => -id / 10)
  const only = (...samplers: SamplerName[]): SamplingOptions => ({ ...{ topK: 1, temperature: 0, minP: 1 }, samplers })
  const draws = (given: SamplingOptions) => new Set(Array.from({ length: 50 }, (_, at) => drawOf(given, logits, at)))
  assert.equal([...draws(only('temperature'))], [0])
  assert.equal([...draws(only('top_k'))], [0])
  assert.equal([...draws(only('min_p'))], [0])
  assert.ok(draws(only()).size > 5)
  assert.ok(draws(only('penalties', 'xtc')).size > 5)
})

test.run()
