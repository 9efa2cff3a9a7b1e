// Fills a stage's memory: every lane reads its share of each matrix from the file into its window and repacks it from
// there, so file bytes are copied once and never touch the JS heap.
import type { FileSource } from '../gguf/file-source.ts'
import { GROUP_ROWS } from '../limits.ts'
import { matrixKernels } from './formats.ts'
import type { Kernels } from './kernels.ts'
import { type MatrixPlan, type StageLayout, stageMatrices, stageVectors } from './layout.ts'

export interface LoadTask {
  readonly layout: StageLayout
  readonly kernels: Kernels
  /** The stage's memory. */
  readonly buffer: SharedArrayBuffer
  readonly lane: number
  readonly lanes: number
  /** The file of each shard. */
  readonly shards: readonly FileSource[]
  /** f64 inverse frequencies of the rotary embedding. */
  readonly ropeFrequencies: Float64Array
  /** Called with the file bytes just loaded; throws to stop. */
  readonly onBytes: (bytes: number) => void
}

/** Loads this lane's share. All lanes must have returned before any weight is read. */
export function loadWeights(task: LoadTask): void {
  const { layout, buffer, lane, shards } = task
  for (const matrix of stageMatrices(layout)) loadMatrix(task, matrix)
  if (lane !== 0) return
  new Float64Array(buffer, layout.ropeFrequencies, task.ropeFrequencies.length).set(task.ropeFrequencies)
  for (const { tensor, address } of stageVectors(layout)) {
    shards[tensor.shard]!.readInto(new Uint8Array(buffer, address, tensor.bytes), tensor.offset)
    task.onBytes(tensor.bytes)
  }
}

function loadMatrix(task: LoadTask, matrix: MatrixPlan): void {
  const { layout, buffer, lane, lanes, shards, kernels } = task
  const { tensor, rows, k } = matrix
  const { repack, packedGroupBytes } = matrixKernels(kernels, tensor.type)
  const rowBytes = tensor.bytes / rows
  const window = layout.window.address + lane * layout.window.stride
  const groups = Math.ceil(rows / GROUP_ROWS)
  const groupsPerWindow = Math.floor(layout.window.stride / (rowBytes * GROUP_ROWS))
  const end = Math.floor((groups * (lane + 1)) / lanes)
  for (let group = Math.floor((groups * lane) / lanes); group < end; group += groupsPerWindow) {
    const first = group * GROUP_ROWS
    const count = Math.min(rows, Math.min(end, group + groupsPerWindow) * GROUP_ROWS) - first
    const bytes = count * rowBytes
    shards[tensor.shard]!.readInto(new Uint8Array(buffer, window, bytes), tensor.offset + first * rowBytes)
    repack(matrix.address + group * packedGroupBytes(k), window, count, k)
    task.onBytes(bytes)
  }
}
