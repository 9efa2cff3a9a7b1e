// Calls of the kernels whose results two compilations of them must agree on, to the bit: products of each weight type
// with every tile and tail, attention, and what works on whole rows. Values are finite but of all sizes. Pure.
import { isGeneric } from '../gguf/ggml-types.ts'
import {
  activationBytes,
  activationFormat,
  MATMUL_SCRATCH_BYTES,
  matrixKernels,
  packedBytes,
  q8HalfBytes,
} from '../model/formats.ts'
import type { Kernels, StageMemory } from '../model/kernels.ts'
import { attentionScratchBytes, attentionStateBytes, READER_BYTES, writeReader } from '../model/memory/cells.ts'

/** Of the memory that cases need. */
export const CASES_MEMORY_BYTES = 4 << 20

/** One call. */
export interface KernelCase {
  readonly name: string
  compute(kernels: Kernels): void
  /** Where it writes: the bytes of what was computed last. */
  readonly written: Uint8Array
}

/** Eleven groups: eight side by side and a tail of three. */
const ROWS = 88
/** Two super-blocks. */
const K = 512
/** Every tile of several rows, and each tail. */
const ROW_COUNTS = [1, 2, 3, 4, 5, 6, 7]
const CASE_ROWS_MAX = 7
/** A full chunk of attention, one with tails, and cells of uncommitted ancestors. */
const CASE_POSITIONS = 70
const COMMITTED = 60
/** Four together, two, and one, each for one row and for several. */
const HEADS = 7
const READERS = 3
const HEAD_DIM = 64
/** The number of f16 cells, see cells.ts. */
const F16_CELLS = 1

/** Hands out places in a memory, 16 bytes aligned, filled with bytes whose floats of any width are finite. */
class Places {
  readonly #buffer: ArrayBufferLike
  #next = 1024
  #random = 1

  constructor(buffer: ArrayBufferLike) {
    this.#buffer = buffer
  }

  take(bytes: number): number {
    const at = this.#next
    this.#next += Math.ceil(bytes / 16) * 16
    const place = new Uint8Array(this.#buffer, at, bytes)
    for (let i = 0; i < bytes; i++) {
      this.#random = (Math.imul(this.#random, 1664525) + 1013904223) | 0
      // Without this bit no exponent reaches that of infinity.
      place[i] = (this.#random >>> 24) & 0xbf
    }
    return at
  }

  /** Weights as in a file. */
  weights(type: string, count: number): number {
    // No type takes more than F32.
    const at = this.take(count * 4)
    if (type !== 'F32' && type !== 'BF16') return at
    // These reach down to f32's subnormals, which take so long that nothing else shows.
    const place = new Uint8Array(this.#buffer, at, count * 4)
    for (let i = 1; i < place.length; i += 2) place[i] = (place[i]! & 0x80) | 0x3d
    return at
  }

  floats(count: number, value: (i: number) => number): number {
    const at = this.take(count * 4)
    new Float32Array(this.#buffer, at, count).set(Float32Array.from({ length: count }, (_, i) => value(i)))
    return at
  }

  words(values: ArrayLike<number>): number {
    const at = this.take(values.length * 4)
    new Int32Array(this.#buffer, at, values.length).set(values)
    return at
  }

  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.#buffer, at, count)
  }
}

/** The cases of weights of `types`; types without products of their own are multiplied as F32. */
export function kernelCases(types: Iterable<string>, setup: Kernels, memory: StageMemory): readonly KernelCase[] {
  const multiplied = new Set([...types].map((type) => (isGeneric(type) ? 'F32' : type)))
  const places = new Places(memory.buffer)
  return [
    ...[...multiplied].flatMap((type) => productCases(type, setup, places)),
    attentionCase(places),
    ...rowCases(places),
  ]
}

/** Ordinary values, -2 .. 2. */
const wave = (i: number): number => ((i * 37) % 101) / 25 - 2

/** Activations of row i: ordinary, zero, or with a value that dwarfs the others. */
const activation = (i: number): number => {
  const row = Math.floor(i / K)
  if (row === 1) return 0
  return row === 2 && i % 37 === 0 ? 1e4 : wave(i)
}

function productCases(type: string, setup: Kernels, places: Places): KernelCase[] {
  const { repack } = matrixKernels(setup, type)
  const weights = places.take(packedBytes(type, ROWS, K))
  repack(weights, places.weights(type, ROWS * K), ROWS, K)
  const format = activationFormat(type)
  const xStride = activationBytes(format, K)
  const floats = places.floats(CASE_ROWS_MAX * K, activation)
  const x = format === 'q8' ? places.take(CASE_ROWS_MAX * xStride) : floats
  for (let row = 0; format === 'q8' && row < CASE_ROWS_MAX; row++) {
    setup.quantize_q8(x + row * xStride, floats + row * K * 4, K, q8HalfBytes(K))
  }
  const outStride = ROWS * 4
  const out = places.take(CASE_ROWS_MAX * outStride)
  const scratch = places.take(MATMUL_SCRATCH_BYTES)
  return ROW_COUNTS.map((n) => ({
    name: `${type}, ${n} rows`,
    compute(kernels) {
      const { matmul } = matrixKernels(kernels, type)
      matmul(out, weights, x, outStride, xStride, 0, ROWS / 8, K, n, scratch)
    },
    written: places.bytes(out, n * outStride),
  }))
}

function attentionCase(places: Places): KernelCase {
  const cellsBytes = CASE_POSITIONS * HEAD_DIM * 2
  const [kCells, vCells] = [places.take(cellsBytes), places.take(cellsBytes)]
  const table = places.words(Array.from({ length: CASE_POSITIONS }, (_, i) => i))
  const queryBytes = HEADS * HEAD_DIM * 4
  const q = places.floats((READERS * queryBytes) / 4, wave)
  const stateBytes = attentionStateBytes(HEADS, HEAD_DIM)
  const states = places.take(READERS * stateBytes)
  const out = places.take(READERS * queryBytes)
  const scratch = places.take(attentionScratchBytes(HEAD_DIM))
  const words = new Int32Array((READERS * READER_BYTES) / 4)
  for (let i = 0; i < READERS; i++) {
    const count = CASE_POSITIONS - READERS + 1 + i
    writeReader(words, (i * READER_BYTES) / 4, i * queryBytes, i * stateBytes, 0, count)
  }
  const readers = places.words(words)
  const cells = [readers, READERS, kCells, vCells, table, table + COMMITTED * 4, COMMITTED, 0, CASE_POSITIONS] as const
  const shape = [F16_CELLS, F16_CELLS, HEADS, HEAD_DIM, 0.125, 0] as const
  return {
    name: 'attention',
    compute(kernels) {
      kernels.attention(states, q, ...cells, ...shape, scratch)
      for (let i = 0; i < READERS; i++) {
        kernels.merge_attention(out + i * queryBytes, states + i * stateBytes, 1, HEADS, HEAD_DIM)
      }
    },
    written: places.bytes(out, READERS * queryBytes),
  }
}

/** What takes whole rows of floats: 515 have a tail. */
function rowCases(places: Places): KernelCase[] {
  const n = K + 3
  const x = places.floats(n, wave)
  const y = places.floats(n, (i) => wave(i + 50))
  const out = places.take(n * 4)
  const written = places.bytes(out, n * 4)
  const floatsCase = (name: string, compute: (kernels: Kernels) => void): KernelCase => ({ name, compute, written })
  return [
    floatsCase('rmsnorm', (kernels) => kernels.rmsnorm(out, x, y, n, 1, 0, 0, 1e-5)),
    floatsCase('swiglu', (kernels) => kernels.swiglu(out, x, y, n)),
    floatsCase('quantize_q8', (kernels) => kernels.quantize_q8(out, x, K, q8HalfBytes(K))),
  ]
}
