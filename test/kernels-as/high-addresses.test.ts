// A stage's memory may have the full 4 GiB: addresses above 2^31, and a repacking window that ends with the memory.
import { test } from 'uvu'
import { KERNEL_TYPES } from '../../engine/gguf/ggml-types.ts'
import {
  activationBytes,
  activationFormat,
  MATMUL_SCRATCH_BYTES,
  matrixKernels,
  packedBytes,
  q8HalfBytes,
} from '../../engine/model/formats.ts'
import { compileKernels, createStageMemory, instantiateKernels } from '../../engine/model/kernels.ts'
import {
  ATTENTION_CHUNK,
  attentionScratchBytes,
  attentionStateBytes,
  READER_BYTES,
  writeReader,
} from '../../engine/model/memory/cells.ts'
import { assertSameFloats, kernelBytes, randomFloats, seeded } from './harness.ts'

const TOP = 2 ** 32
const LOW = 1 << 20
const ROWS = 24
const K = 512
const PADDED_BYTES = 1 << 16
const random = seeded(9)
const memory = createStageMemory(TOP)
const kernels = instantiateKernels(compileKernels(kernelBytes('relaxed')), memory)

const floats = (address: number, count: number) => new Float32Array(memory.buffer, address, count)
/** A copy, since the memory is used again. */
const copy = (address: number, count: number) => Float32Array.from(floats(address, count))

/** Everything between two calls of `place` lies below `top`, the file rows last. */
function product(type: string, file: Uint8Array, x: Float32Array, top: number): Float32Array {
  let next = top - file.length
  const place = (bytes: number) => {
    next = Math.floor((next - bytes) / 64) * 64
    return next
  }
  new Uint8Array(memory.buffer, top - file.length, file.length).set(file)
  const w = place(packedBytes(type, ROWS, K))
  const rowBytes = activationBytes(activationFormat(type), K)
  const input = place(3 * rowBytes)
  const staging = place(K * 4)
  const out = place(3 * ROWS * 4)
  const scratch = place(MATMUL_SCRATCH_BYTES)
  const { repack, matmul } = matrixKernels(kernels, type)
  repack(w, top - file.length, ROWS, K)
  for (let i = 0; i < 3; i++) {
    floats(staging, K).set(x.subarray(i * K, (i + 1) * K))
    if (activationFormat(type) === 'q8') kernels.quantize_q8(input + i * rowBytes, staging, K, q8HalfBytes(K))
    else floats(input + i * rowBytes, K).set(floats(staging, K))
  }
  for (const n of [1, 2]) matmul(out + (n - 1) * ROWS * 4, w, input, ROWS * 4, rowBytes, 0, ROWS / 8, K, n, scratch)
  return copy(out, 3 * ROWS)
}

for (const type of KERNEL_TYPES) {
  test(`${type} products at the top of a memory equal those at its bottom`, () => {
    const fileBytes = type === 'F32' ? ROWS * K * 4 : (packedBytes(type, ROWS, K) / 16) * 16
    const file = Uint8Array.from({ length: fileBytes }, (_, i) => (i % 2 ? 0x30 : Math.floor(random() * 256)))
    const x = randomFloats(random, 3 * K)
    assertSameFloats(product(type, file, x, TOP), product(type, file, x, 64 * LOW), type)
  })
}

test('attention at the top of a memory equals that at its bottom', () => {
  const [headDim, heads, length] = [64, 2, 300]
  const q = randomFloats(random, headDim * heads)
  const rows = randomFloats(random, headDim * length)
  const at = (base: number) => {
    const cells = base
    const place = (i: number) => base + i * 4 * PADDED_BYTES
    const [query, table, out, scratch, states] = [place(1), place(2), place(3), place(4), place(3) + PADDED_BYTES]
    const reader = table + PADDED_BYTES
    floats(cells, rows.length).set(rows)
    floats(query, q.length).set(q)
    new Int32Array(memory.buffer, table, length).set(Array.from({ length }, (_, p) => length - 1 - p))
    const shape = [0, 0, heads, headDim, 0.125, 0] as const
    const stateBytes = attentionStateBytes(heads, headDim)
    for (let first = 0, i = 0; first < length; first += ATTENTION_CHUNK, i++) {
      const end = Math.min(length, first + ATTENTION_CHUNK)
      writeReader(new Int32Array(memory.buffer, reader, READER_BYTES / 4), 0, 0, i * stateBytes, 0, end - first)
      kernels.attention(states, query, reader, 1, cells, cells, table, table, length, first, end, ...shape, scratch)
    }
    kernels.merge_attention(out, states, 2, heads, headDim)
    return copy(out, headDim * heads)
  }
  const needed = Math.max(attentionScratchBytes(headDim), 2 * attentionStateBytes(heads, headDim))
  if (needed > 3 * PADDED_BYTES) throw new Error('the places are too small')
  assertSameFloats(at(TOP - 20 * PADDED_BYTES), at(LOW), 'attention')
})

test.run()
