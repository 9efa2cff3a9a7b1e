// A repacked matrix of a wanted size in a memory of its own, and products with it whose speed is measured.
import { GROUP_ROWS } from '../limits.ts'
import { activationBytes, activationFormat, matrixKernels, q8HalfBytes } from '../model/formats.ts'
import type { Kernels, StageMemory } from '../model/kernels.ts'

const PREPARED_ROWS = 32
const X = 1 << 20
const FILE = 8 << 20
const OUT = 16 << 20
const SCRATCH = 1 << 16
/** Where the repacked weights begin: they take the rest of the memory. */
export const MATRIX_AT = 32 << 20

export interface MeasuredMatrix {
  /** Of the repacked weights. */
  readonly bytes: number
  /** For one row. */
  readonly multiplyAdds: number
  /** The product as `kernels` in the same memory compute it. */
  product(kernels: Kernels): (rows: number) => void
}

/** Eight rows of ordinary values, repeated until the matrix has about `bytes` bytes. Writes all of them. */
export function prepareMatrix(
  kernels: Kernels,
  { buffer }: StageMemory,
  type: string,
  k: number,
  bytes: number,
): MeasuredMatrix {
  const { repack, packedGroupBytes } = matrixKernels(kernels, type)
  const groupBytes = packedGroupBytes(k)
  const groups = Math.max(1, Math.floor(bytes / groupBytes))
  writeFileRows(buffer, type, k)
  repack(MATRIX_AT, FILE, GROUP_ROWS, k)
  const weights = new Uint8Array(buffer, MATRIX_AT)
  for (let g = 1; g < groups; g++) weights.copyWithin(g * groupBytes, 0, groupBytes)
  const format = activationFormat(type)
  const row = new Float32Array(buffer, OUT, k)
  const rowBytes = activationBytes(format, k)
  for (let i = 0; i < PREPARED_ROWS; i++) {
    for (let c = 0; c < k; c++) row[c] = ((c * 37 + i * 11) % 101) / 50 - 1
    if (format === 'q8') kernels.quantize_q8(X + i * rowBytes, OUT, k, q8HalfBytes(k))
    else new Float32Array(buffer, X + i * rowBytes, k).set(row)
  }
  const outStride = Math.ceil((groups * GROUP_ROWS * 4) / 64) * 64
  return {
    bytes: groups * groupBytes,
    multiplyAdds: groups * GROUP_ROWS * k,
    product(by) {
      const { matmul } = matrixKernels(by, type)
      return (rows) => matmul(OUT, MATRIX_AT, X, outStride, rowBytes, 0, groups, k, rows, SCRATCH)
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
    for (let i = 0; i < floats.length; i++) floats[i] = ((i * 37) % 101) / 50 - 1
    return
  }
  const words = new Uint16Array(buffer, FILE, GROUP_ROWS * k)
  for (let i = 0; i < words.length; i++) words[i] = 0x2c00 + ((i * 40503) & 0x7ff)
}
