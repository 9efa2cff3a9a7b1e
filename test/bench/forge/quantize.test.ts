import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bfloatBits, halfBits, halfValue, nearestEven } from '../../../bench/forge/half.ts'
import { quantizeRow } from '../../../bench/forge/quantize.ts'
import { dequantize } from '../../reference/dequantize.ts'
import { sharedTest } from '../../shared.ts'

test('halves round to nearest even and survive a round trip', () => {
  for (let half = 0; half < 0x10000; half++) {
    const value = halfValue(half)
    if (Number.isNaN(value)) assert.is(halfBits(value) & 0x7e00, 0x7e00)
    else assert.is(halfBits(value), half)
  }
  assert.is(halfBits(65519), 0x7bff)
  assert.is(halfBits(65520), 0x7c00)
  assert.is(halfBits(1 + 2 ** -11), 0x3c00)
  assert.is(halfBits(1 + 3 * 2 ** -11), 0x3c02)
  assert.is(halfBits(2 ** -25), 0)
  assert.is(halfBits(-3 * 2 ** -25), 0x8002)
  assert.is(bfloatBits(1 + 2 ** -8), 0x3f80)
  assert.is(bfloatBits(1 + 3 * 2 ** -8), 0x3f82)
  assert.is(bfloatBits(Number.POSITIVE_INFINITY), 0x7f80)
  assert.ok((bfloatBits(Number.NaN) & 0x7fff) > 0x7f80)
  assert.equal([-1.5, -0.5, 0.5, 1.5, 2.5].map(nearestEven), [-2, -0, 0, 2, 2])
})

/** The 8 x 512 test weights. */
function testWeights(folder: string): Float32Array {
  return new Float32Array(Uint8Array.from(readFileSync(join(folder, 'weights.f32.bin'))).buffer)
}

sharedTest(test, 'the bytes of ggml', 'vectors/quant', (folder) => {
  const weights = testWeights(folder)
  const files = { F16: 'weights.F16', BF16: 'weights.BF16', Q8_0: 'Q8_0.blocks', Q4_0: 'Q4_0.blocks' } as const
  for (const [type, file] of Object.entries(files)) {
    const expected = readFileSync(join(folder, `${file}.bin`))
    const found = quantizeRow(type as keyof typeof files, weights)
    assert.is(
      found.findIndex((byte, i) => byte !== expected[i]),
      -1,
      type,
    )
    assert.is(found.length, expected.length, type)
  }
})

/** Dequantizes a K block by the formulas of the format, written independently of the quantizer. */
function dequantizeQ4K(block: DataView): number[] {
  const d = halfValue(block.getUint16(0, true))
  const dmin = halfValue(block.getUint16(2, true))
  return Array.from({ length: 256 }, (_, i) => {
    const sub = i >> 5
    const byte = (at: number) => block.getUint8(4 + at)
    const scale = sub < 4 ? byte(sub) & 63 : (byte(sub + 4) & 15) | ((byte(sub - 4) >> 6) << 4)
    const min = sub < 4 ? byte(sub + 4) & 63 : (byte(sub + 4) >> 4) | ((byte(sub) >> 6) << 4)
    const nibbles = block.getUint8(16 + (i >> 6) * 32 + (i & 31))
    return d * scale * (i & 32 ? nibbles >> 4 : nibbles & 15) - dmin * min
  })
}

function dequantizeQ6K(block: DataView): number[] {
  const d = halfValue(block.getUint16(208, true))
  return Array.from({ length: 256 }, (_, i) => {
    const half = i >> 7
    const within = i & 127
    const low = (block.getUint8(half * 64 + (within & 63)) >> (within & 64 ? 4 : 0)) & 15
    const high = (block.getUint8(128 + half * 32 + (within & 31)) >> ((within >> 5) * 2)) & 3
    return d * block.getInt8(192 + (i >> 4)) * ((low | (high << 4)) - 32)
  })
}

function dequantizeQ5K(block: DataView): number[] {
  return [...dequantize('Q5_K', new Uint8Array(block.buffer, block.byteOffset, block.byteLength))]
}

const K_TYPES = [
  ['Q4_K', 144, dequantizeQ4K, 0.075],
  ['Q5_K', 176, dequantizeQ5K, 0.037],
  ['Q6_K', 210, dequantizeQ6K, 0.035],
] as const

sharedTest(test, 'K types come close to ggml', 'vectors/quant', (folder) => {
  const weights = testWeights(folder)
  for (const [type, bytes, valuesOf] of K_TYPES) {
    const error = (blocks: Uint8Array) => {
      let sum = 0
      for (let block = 0; block * bytes < blocks.length; block++) {
        const values = valuesOf(new DataView(blocks.buffer, blocks.byteOffset + block * bytes, bytes))
        values.forEach((value, i) => {
          sum += (value - weights[block * 256 + i]!) ** 2
        })
      }
      return Math.sqrt(sum)
    }
    const ggml = error(Uint8Array.from(readFileSync(join(folder, `${type}.blocks.bin`))))
    const ours = error(quantizeRow(type, weights))
    assert.ok(ours < 1.5 * ggml, `${type}: ${ours} against ggml's ${ggml}`)
  }
})

test('K types: values survive within a step, zeros exactly', () => {
  const values = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.7) * (1 + (i >> 5)))
  for (const [type, bytes, valuesOf, step] of K_TYPES) {
    const found = valuesOf(new DataView(quantizeRow(type, values).buffer, 0, bytes))
    const worst = Math.max(...found.map((value, i) => Math.abs(value - values[i]!)))
    assert.ok(worst < step * 8, `${type}: ${worst}`)
    const zeros = valuesOf(new DataView(quantizeRow(type, new Float32Array(256)).buffer, 0, bytes))
    assert.ok(zeros.every((value) => value === 0))
  }
})

test.run()
