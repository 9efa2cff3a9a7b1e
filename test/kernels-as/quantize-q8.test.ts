import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { activationBytes, q8HalfBytes } from '../../engine/model/formats.ts'
import { quantizeQ8 } from '../reference/quantize-q8.ts'
import { type Arena, assertSameFloats, onBuild, randomFloats, seeded } from './harness.ts'

const random = seeded(6)

/** Codes and scalars of one row of blocks; see kernels-as/inline/q8.ts. */
function quantize(build: 'plain' | 'relaxed', x: Float32Array) {
  return onBuild(build, (kernels, arena: Arena) => {
    const out = arena.take(activationBytes('q8', x.length))
    kernels.quantize_q8(out, arena.put(x), x.length, q8HalfBytes(x.length))
    const at = (i: number) => arena.bytes(out + i * 64, 64)
    const blocks = Array.from({ length: x.length / 32 }, (_, i) => at(i))
    return {
      codes: Int8Array.from(blocks.flatMap((block) => Array.from(new Int8Array(block.buffer, 0, 32)))),
      scales: Float32Array.from(blocks, (block) => new Float32Array(block.buffer)[8]!),
      minusEightSums: blocks.map((block) => new Int32Array(block.buffer)[9]!),
      scaledSums: Float32Array.from(blocks, (block) => new Float32Array(block.buffer)[10]!),
      halfSums: blocks.flatMap((block) => Array.from(new Int16Array(block.buffer, 44, 2))),
      second: blocks.map((_, i) => at(blocks.length + i)),
    }
  })
}

const sum = (codes: Int8Array, from: number, count: number) =>
  codes.subarray(from, from + count).reduce((total, code) => total + code, 0)

function check(x: Float32Array): void {
  const { codes, scales } = quantizeQ8(x)
  for (const build of ['plain', 'relaxed'] as const) {
    const actual = quantize(build, x)
    assertSameFloats(actual.scales, scales, 'scales')
    assert.equal(actual.codes, codes)
    for (const [i, second] of actual.second.entries()) {
      assert.is(actual.minusEightSums[i]! * -1, sum(codes, i * 32, 32) * 8)
      const scaledSum = Math.fround(scales[i]! * sum(codes, i * 32, 32))
      assertSameFloats(actual.scaledSums.subarray(i, i + 1), [scaledSum], 'scaled sum')
      assert.equal(actual.halfSums.slice(2 * i, 2 * i + 2), [sum(codes, i * 32, 16), sum(codes, i * 32 + 16, 16)])
      const block = codes.subarray(i * 32, i * 32 + 32)
      if (build === 'relaxed') {
        assert.equal(new Uint8Array(second.buffer, 0, 32), Uint8Array.from(block, Math.abs))
        assert.equal(
          new Int8Array(second.buffer, 32, 32),
          block.map((code) => (code < 0 ? -1 : 0)),
        )
      } else {
        const order = Array.from({ length: 32 }, (_, e) => (e & ~3) + [0, 2, 1, 3][e % 4]!)
        assert.equal(
          new Int16Array(second.buffer),
          Int16Array.from(order, (e) => block[e]!),
        )
      }
    }
  }
}

test('quantize_q8 follows the rule for 1, 3 and many blocks', () => {
  for (const blocks of [1, 2, 3, 5, 172]) check(randomFloats(random, blocks * 32, 10 ** (random() * 8 - 4)))
})

test('quantize_q8 of ties, zeros and extremes', () => {
  check(Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? 127 : i === 32 ? -127 : i / 2 - 16.5)))
  check(new Float32Array(32))
  check(new Float32Array(32).fill(-0))
  for (const extreme of [3e38, -3.4e38, 1e-36, 4e-37, 3e-37, 1e-38, 1e-44, Number.NaN, Number.POSITIVE_INFINITY]) {
    const x = randomFloats(random, 96, Number.isFinite(extreme) ? Math.abs(extreme) : 1)
    x[40] = extreme
    check(x)
  }
})

test('quantize_q8 of a part of a row leaves the rest alone', () => {
  const x = randomFloats(random, 96)
  const [whole, parts] = [[96], [32, 64]].map((lengths) =>
    onBuild('relaxed', (kernels, arena) => {
      const out = arena.take(activationBytes('q8', 96))
      const from = arena.put(x)
      let column = 0
      for (const length of lengths) {
        kernels.quantize_q8(out + q8HalfBytes(column), from + column * 4, length, q8HalfBytes(96))
        column += length
      }
      return arena.bytes(out, activationBytes('q8', 96))
    }),
  )
  assert.equal(parts, whole)
})

test.run()
