// A repacked matrix of a wanted size in a memory of its own, and the calls whose speed is measured.
import { activationBytes, activationFormat, matrixKernels, q8HalfBytes } from '../../engine/model/formats.ts'
import type { Kernels, StageMemory } from '../../engine/model/kernels.ts'

const ROWS_MAX = 32
const X = 1 << 20
const FILE = 8 << 20
const OUT = 16 << 20
const SCRATCH = 1 << 16
const WEIGHTS = 32 << 20
/** Of the memory the benches need. */
export const MEMORY_BYTES = 256 << 20
const GROUP_ROWS = 8

export interface PreparedMatrix {
  /** Of the repacked weights. */
  readonly bytes: number
  /** For one row. */
  readonly multiplyAdds: number
  /** The product as `kernels` in the same memory compute it. */
  product(kernels: Kernels): (rows: number) => void
}

/** Writes the weights' place: pages never written are all one page of zeros, which is read from the cache. */
export function touchWeights({ buffer }: StageMemory): void {
  new Uint8Array(buffer, WEIGHTS).fill(1)
}

/** Reads `bytes` of the weights' place, in `strands` parts side by side, and does nothing else. */
export function readWeights(kernels: Kernels, bytes: number, strands: number): void {
  kernels.read_sum(WEIGHTS, bytes, strands)
}

/** Eight rows of ordinary values, repeated until the matrix has about `bytes` bytes. */
export function prepareMatrix(
  kernels: Kernels,
  { buffer }: StageMemory,
  type: string,
  k: number,
  bytes: number,
): PreparedMatrix {
  const { repack, packedGroupBytes } = matrixKernels(kernels, type)
  const groupBytes = packedGroupBytes(k)
  const groups = Math.max(1, Math.floor(bytes / groupBytes))
  writeFileRows(buffer, type, k)
  repack(WEIGHTS, FILE, GROUP_ROWS, k)
  const memory = new Uint8Array(buffer)
  for (let g = 1; g < groups; g++) memory.copyWithin(WEIGHTS + g * groupBytes, WEIGHTS, WEIGHTS + groupBytes)
  const format = activationFormat(type)
  const row = new Float32Array(buffer, OUT, k)
  const rowBytes = activationBytes(format, k)
  for (let i = 0; i < ROWS_MAX; i++) {
    for (let c = 0; c < k; c++) row[c] = Math.sin(c * 1.3 + i)
    if (format === 'q8') kernels.quantize_q8(X + i * rowBytes, OUT, k, q8HalfBytes(k))
    else new Float32Array(buffer, X + i * rowBytes, k).set(row)
  }
  const outStride = Math.ceil((groups * GROUP_ROWS * 4) / 64) * 64
  return {
    bytes: groups * groupBytes,
    multiplyAdds: groups * GROUP_ROWS * k,
    product(by) {
      const { matmul } = matrixKernels(by, type)
      return (rows) => matmul(OUT, WEIGHTS, X, outStride, rowBytes, 0, groups, k, rows, SCRATCH)
    },
  }
}

/**
 * File rows whose 16-bit words all are ordinary half floats between 0.06 and 0.25, or for f32 ordinary floats: whatever
 * of a block is a scale is then an ordinary one (subnormal operands would slow the arithmetic), and the rest are codes.
 */
function writeFileRows(buffer: SharedArrayBuffer, type: string, k: number): void {
  if (type === 'F32') {
    const floats = new Float32Array(buffer, FILE, GROUP_ROWS * k)
    for (let i = 0; i < floats.length; i++) floats[i] = Math.sin(i)
    return
  }
  const words = new Uint16Array(buffer, FILE, GROUP_ROWS * k)
  for (let i = 0; i < words.length; i++) words[i] = 0x2c00 + ((i * 40503) & 0x7ff)
}
