import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { GENERIC_TYPES, KERNEL_TYPES } from '../../../engine/gguf/ggml-types.ts'
import {
  canCompile,
  compileKernels,
  createStageMemory,
  instantiateKernels,
  type Operations,
} from '../../../engine/model/kernels.ts'
import { SIZES } from '../../../kernels-as/sizes.js'
import { kernelBytes } from '../../kernels-as/harness.ts'

/** Every key of the interface; the type makes a missing or surplus one a compile error. */
const OPERATIONS: Readonly<Record<keyof Operations, true>> = {
  add: true,
  add_scaled: true,
  attention: true,
  choose_experts: true,
  geglu: true,
  head_scan: true,
  logsumexp: true,
  merge_attention: true,
  quantize_q8: true,
  read_sum: true,
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

const named = (type: string, ...stems: string[]) => stems.map((stem) => `${stem}_${type.toLowerCase()}`)
/** What a weight type has. */
const KERNELS = [
  ...KERNEL_TYPES.flatMap((type) => named(type, 'repack', 'matmul', 'embed_row')),
  ...GENERIC_TYPES.flatMap((type) => named(type, 'dequantize')),
]

for (const build of ['plain', 'relaxed', 'relaxed-dot'] as const) {
  test(`the ${build} module exports exactly the Kernels interface`, () => {
    const kernels = instantiateKernels(compileKernels(kernelBytes(build)), createStageMemory(1))
    const expected = [...Object.keys(OPERATIONS), ...KERNELS, ...Object.keys(SIZES)]
    assert.equal(Object.keys(kernels).sort(), expected.sort())
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
