// Fills a stage's memory: every lane reads its share of each matrix from the file into its window and repacks it from
// there, so file bytes are copied once and never touch the JS heap. Generic weights are read straight to their place.
import type { FileSource } from '../../gguf/file-source.ts'
import { isGeneric } from '../../gguf/ggml-types.ts'
import { GROUP_ROWS } from '../../limits.ts'
import type { RopeFrequencies } from '../config/rope-frequencies.ts'
import { matrixKernels, packedGroupBytes } from '../formats.ts'
import type { Kernels } from '../kernels.ts'
import { shareStart } from '../lane.ts'
import { type CodebookName, codebookVectors } from './codebooks.ts'
import { type StageLayout, stageMatrices, stageVectors } from './layout.ts'
import type { MatrixPlan } from './space.ts'

export interface LoadTask {
  readonly layout: StageLayout
  readonly kernels: Kernels
  /** The stage's memory. */
  readonly buffer: SharedArrayBuffer
  readonly lane: number
  readonly lanes: number
  /** The file of each shard. */
  readonly shards: readonly FileSource[]
  /** The model's rotations. */
  readonly ropes: readonly RopeFrequencies[]
  /** Called with the file bytes just loaded; throws to stop. */
  readonly onBytes: (bytes: number) => void
}

/** Loads this lane's share. All lanes must have returned before any weight is read. */
export function loadWeights(task: LoadTask): void {
  const { layout, buffer, lane, shards } = task
  for (const matrix of stageMatrices(layout)) loadMatrix(task, matrix)
  if (lane !== 0) return
  for (const [index, { frequencies }] of task.ropes.entries()) {
    new Float64Array(buffer, layout.ropes[index]!.frequencies, frequencies.length).set(frequencies)
  }
  for (const [name, address] of Object.entries(layout.codebooks)) {
    const vectors = codebookVectors(name as CodebookName)
    new Int8Array(buffer, address, vectors.length).set(vectors)
  }
  for (const { tensor, address } of stageVectors(layout)) {
    shards[tensor.shard]!.readInto(new Uint8Array(buffer, address, tensor.bytes), tensor.offset)
    task.onBytes(tensor.bytes)
  }
}

/** Lanes share the groups of a matrix; of several matrices each lane loads some. */
function loadMatrix(task: LoadTask, matrix: MatrixPlan): void {
  const { lane, lanes } = task
  const groups = Math.ceil(matrix.rows / GROUP_ROWS)
  if (matrix.slabs === 1)
    return loadGroups(task, matrix, 0, shareStart(groups, lane, lanes), shareStart(groups, lane + 1, lanes))
  const end = shareStart(matrix.slabs, lane + 1, lanes)
  for (let slab = shareStart(matrix.slabs, lane, lanes); slab < end; slab++) loadGroups(task, matrix, slab, 0, groups)
}

/** Loads groups `begin .. end - 1` of a slab. */
function loadGroups(task: LoadTask, matrix: MatrixPlan, slab: number, begin: number, end: number): void {
  const { layout, buffer, lane, shards, kernels } = task
  const { tensor, rows, k, slabs } = matrix
  const repack = isGeneric(tensor.type) ? undefined : matrixKernels(kernels, tensor.type).repack
  const rowBytes = tensor.bytes / (rows * slabs)
  const groupBytes = packedGroupBytes(tensor.type, k)
  const address = matrix.address + slab * Math.ceil(rows / GROUP_ROWS) * groupBytes
  const window = layout.window.address + lane * layout.window.stride
  const groupsPerWindow = Math.floor(layout.window.stride / (rowBytes * GROUP_ROWS))
  for (let group = begin; group < end; group += groupsPerWindow) {
    const first = group * GROUP_ROWS
    const count = Math.min(rows, Math.min(end, group + groupsPerWindow) * GROUP_ROWS) - first
    const bytes = count * rowBytes
    const place = address + group * groupBytes
    const target = new Uint8Array(buffer, repack ? window : place, bytes)
    shards[tensor.shard]!.readInto(target, tensor.offset + (slab * rows + first) * rowBytes)
    if (repack) repack(place, window, count, k)
    // Rows that fill up the last group are read, too.
    else new Uint8Array(buffer, place + bytes, (-count & (GROUP_ROWS - 1)) * rowBytes).fill(0)
    task.onBytes(bytes)
  }
}
