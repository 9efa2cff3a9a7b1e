import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openGguf } from '../../../../engine/gguf/file.ts'
import { readF32Tensor } from '../../../../engine/gguf/tensor-data.ts'
import { modelConfig } from '../../../../engine/model/config/config.ts'
import type { RopeConfig } from '../../../../engine/model/config/model-config.ts'
import { ropeFrequencies } from '../../../../engine/model/config/rope-frequencies.ts'
import type { RopeScaling } from '../../../../engine/model/config/rope-scaling.ts'
import { modelWeights } from '../../../../engine/model/memory/weights.ts'
import { sharedTest } from '../../../shared.ts'

function rope(dimensionCount: number, base: number, scaling: RopeScaling = { kind: 'none' }): RopeConfig {
  return { base, dimensionCount, style: 'adjacent', scaling, magnitude: 1, originalContext: 4096 }
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, relative: number): void {
  assert.is(actual.length, expected.length)
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!)
    assert.ok(error <= relative * Math.abs(expected[i]!), `${i}: ${actual[i]} is not ${expected[i]}`)
  }
}

const pairs = (count: number, value: (pair: number) => number) =>
  Array.from({ length: count }, (_, pair) => value(pair))

test('powers of the base', () => {
  const { frequencies, magnitude } = ropeFrequencies(rope(128, 500000))
  assertClose(
    frequencies,
    pairs(64, (pair) => 500000 ** (-pair / 64)),
    1e-15,
  )
  assert.is(frequencies[0], 1)
  assert.is(magnitude, 1)
})

test('linear scaling and factors', () => {
  const linear = ropeFrequencies(rope(8, 10000, { kind: 'linear', factor: 4 }))
  assertClose(linear.frequencies, [0.25, 0.025, 0.0025, 0.00025], 1e-15)
  const divided = ropeFrequencies(rope(8, 10000), Float32Array.of(1, 2, 4, 8))
  assertClose(divided.frequencies, [1, 0.05, 0.0025, 0.000125], 1e-15)
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => ropeFrequencies(rope(4, 10000), Float32Array.of(1, bad)), /rope divisors: expected/)
  }
})

test('llama3 scaling equals the factors its files hold', () => {
  const scaling = {
    kind: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalContext: 8192,
  } as const
  const plain = ropeFrequencies(rope(128, 500000)).frequencies
  const { frequencies } = ropeFrequencies(rope(128, 500000, scaling))
  // As the original code states it, by wavelengths.
  const factors = pairs(64, (pair) => {
    const wavelength = (2 * Math.PI) / plain[pair]!
    if (wavelength < 8192 / 4) return 1
    if (wavelength > 8192 / 1) return 8
    const smooth = (8192 / wavelength - 1) / (4 - 1)
    return 1 / ((1 - smooth) / 8 + smooth)
  })
  assert.ok(factors.some((factor) => factor > 1 && factor < 8))
  assertClose(
    frequencies,
    pairs(64, (pair) => plain[pair]! / factors[pair]!),
    1e-14,
  )
  // With the tensor, the metadata must not apply it twice.
  const twice = ropeFrequencies(rope(128, 500000, scaling), Float32Array.from(factors))
  assertClose(twice.frequencies, frequencies, 1e-7)
})

test('yarn: llama.cpp in float32, step by step', () => {
  const f = Math.fround
  const [dimensions, base, factor, context] = [64, 10000, 16, 4096]
  const corrDim = (turns: number) => (dimensions * Math.log(context / (turns * 2 * Math.PI))) / (2 * Math.log(base))
  const low = Math.max(0, Math.floor(corrDim(32)))
  const high = Math.min(dimensions - 1, Math.ceil(corrDim(1)))
  assert.ok(low > 2 && high < 31)
  const expected = pairs(32, (pair) => {
    const extrapolated = f(base ** ((-2 * pair) / dimensions))
    const interpolated = f(extrapolated / factor)
    const ramp = f(1 - Math.min(1, Math.max(0, f((pair - low) / Math.max(0.001, high - low)))))
    return f(interpolated * f(1 - ramp) + f(extrapolated * ramp))
  })
  const yarn = { kind: 'yarn', factor, originalContext: context } as const
  const { frequencies, magnitude } = ropeFrequencies(rope(dimensions, base, yarn))
  assertClose(frequencies, expected, 1e-6)
  assert.is(frequencies[0], 1)
  assertClose([frequencies[31]!], [base ** (-62 / 64) / 16], 1e-14)
  assertClose([magnitude], [1 + 0.1 * Math.log(16)], 1e-15)
  assert.is(ropeFrequencies(rope(dimensions, base, { ...yarn, factor: 1 })).magnitude, 1)
})

sharedTest(
  test,
  'a widened model keeps the frequencies of the small one',
  'vectors/parity/wide-Q4_K_M.gguf',
  (path) => {
    const file = openGguf(path)
    const config = modelConfig(file)
    const factors = readF32Tensor(file, modelWeights(file, config).ropeFrequencies!)
    const { frequencies } = ropeFrequencies(config.ropes[0]!, factors)
    assertClose(frequencies.subarray(0, 4), [1, 0.1, 0.01, 0.001], 1e-6)
  },
)

test.run()
