import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import {
  canCompile,
  compileKernels,
  createStageMemory,
  instantiateKernels,
  type Kernels,
} from '../../../engine/model/kernels.ts'
import { kernelBytes } from '../../kernels-as/harness.ts'

/** Every key of the interface; the type makes a missing or surplus one a compile error. */
const KEYS: Readonly<Record<keyof Kernels, true>> = {
  add: true,
  add_scaled: true,
  attention: true,
  choose_experts: true,
  dequantize_iq1_m: true,
  dequantize_iq1_s: true,
  dequantize_iq2_s: true,
  dequantize_iq2_xs: true,
  dequantize_iq2_xxs: true,
  dequantize_iq3_s: true,
  dequantize_iq3_xxs: true,
  dequantize_nvfp4: true,
  dequantize_q1_0: true,
  dequantize_q2_0: true,
  dequantize_tq1_0: true,
  dequantize_tq2_0: true,
  embed_row_bf16: true,
  embed_row_f16: true,
  embed_row_f32: true,
  embed_row_iq4_nl: true,
  embed_row_iq4_xs: true,
  embed_row_mxfp4: true,
  embed_row_q2_k: true,
  embed_row_q3_k: true,
  embed_row_q4_0: true,
  embed_row_q4_1: true,
  embed_row_q4_k: true,
  embed_row_q5_0: true,
  embed_row_q5_1: true,
  embed_row_q5_k: true,
  embed_row_q6_k: true,
  embed_row_q8_0: true,
  geglu: true,
  head_scan: true,
  logsumexp: true,
  matmul_bf16: true,
  matmul_f16: true,
  matmul_f32: true,
  matmul_iq4_nl: true,
  matmul_iq4_xs: true,
  matmul_mxfp4: true,
  matmul_q2_k: true,
  matmul_q3_k: true,
  matmul_q4_0: true,
  matmul_q4_1: true,
  matmul_q4_k: true,
  matmul_q5_0: true,
  matmul_q5_1: true,
  matmul_q5_k: true,
  matmul_q6_k: true,
  matmul_q8_0: true,
  merge_attention: true,
  quantize_q8: true,
  read_sum: true,
  repack_bf16: true,
  repack_f16: true,
  repack_f32: true,
  repack_iq4_nl: true,
  repack_iq4_xs: true,
  repack_mxfp4: true,
  repack_q2_k: true,
  repack_q3_k: true,
  repack_q4_0: true,
  repack_q4_1: true,
  repack_q4_k: true,
  repack_q5_0: true,
  repack_q5_1: true,
  repack_q5_k: true,
  repack_q6_k: true,
  repack_q8_0: true,
  rmsnorm: true,
  rope: true,
  rope_table: true,
  scale: true,
  sigmoid: true,
  softcap: true,
  store_f16: true,
  store_f32: true,
  store_q8_0: true,
  swiglu: true,
}

for (const build of ['plain', 'relaxed', 'relaxed-dot'] as const) {
  test(`the ${build} module exports exactly the Kernels interface`, () => {
    const kernels = instantiateKernels(compileKernels(kernelBytes(build)), createStageMemory(1))
    assert.equal(Object.keys(kernels).sort(), Object.keys(KEYS).sort())
  })
}

test('an engine says which bytes it can compile', () => {
  assert.ok(canCompile(kernelBytes('relaxed')))
  assert.not(canCompile(Uint8Array.of(0, 1, 2)))
})

test('a stage memory has whole pages and reports what it cannot have', () => {
  assert.is(createStageMemory(1).buffer.byteLength, 65536)
  assert.is(createStageMemory(65537).buffer.byteLength, 131072)
  assert.throws(
    () => createStageMemory(2 ** 32 + 1),
    (error: unknown) =>
      error instanceof TsinferError && error.code === 'out_of_memory' && /4294967297/.test(error.message),
  )
})

test('read_sum adds every word once', () => {
  const memory = createStageMemory(65536)
  const kernels = instantiateKernels(compileKernels(kernelBytes('plain')), memory)
  const words = new Int32Array(memory.buffer, 4096, 3 * 16 * 32)
  for (let i = 0; i < words.length; i++) words[i] = i * i
  const sum = words.reduce((all, word) => (all + word) | 0, 0)
  for (const strands of [1, 4, 8, 16]) {
    assert.is(kernels.read_sum(4096, words.byteLength, strands), sum, `${strands} strands`)
  }
})

test.run()
