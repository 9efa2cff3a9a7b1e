// The memory plan of one stage: what lies at which byte address of its WebAssembly memory. Pure; the plan is a plain
// record that is posted to every thread, so all of them agree without asking.

import { isGeneric, rowBytes } from '../../gguf/ggml-types.ts'
import type { TensorInfo } from '../../gguf/header.ts'
import { GROUP_ROWS, ROWS_MAX } from '../../limits.ts'
import { returnSlotBytes, slotWords } from '../../wire/codec.ts'
import type { MatrixRole, VectorRole } from '../blocks/layer-tensors.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { activationBytes, activationFormat, MATMUL_SCRATCH_BYTES, packedBytes, tileBytes } from '../formats.ts'
import { attentionScratchBytes, attentionStateBytes, type CellType, cellBytes, chunksOf } from './cells.ts'
import { type CodebookName, codebookBytes, codebookOf } from './codebooks.ts'
import type { CommonMatrixRole, LayerWeights, MatrixTensor, ModelWeights } from './weights.ts'

/** Sizes every stage of a pipeline shares. */
export interface StageSizes {
  readonly lanes: number
  /** Rows of a prefill chunk. */
  readonly chunkRows: number
  /** Rows with a head in one micro-batch. */
  readonly headRowsMax: number
  /** Positions of one sequence. */
  readonly contextLength: number
  /** Rows of the cell table. */
  readonly sequences: number
  /** KV cells. */
  readonly cells: number
  readonly cellTypeK: CellType
  readonly cellTypeV: CellType
}

/** Layers `first .. first + count - 1`; the first stage also embeds, the last one also owns the head. */
export interface StageRange {
  readonly first: number
  readonly count: number
  readonly isFirst: boolean
  readonly isLast: boolean
  /** Slots of the stage's input ring. */
  readonly inputSlots: number
}

/** A weight matrix of `rows` outputs by `k` inputs, repacked at `address`; or several of them, one after the other. */
export interface MatrixPlan {
  readonly tensor: TensorInfo
  readonly rows: number
  readonly k: number
  /** How many such matrices: the experts of a mixture. */
  readonly slabs: number
  readonly address: number
  /** A factor on the products of each of them, where the file has some. */
  readonly scale?: VectorPlan
}

/** f32 values as they are in the file. */
export interface VectorPlan {
  readonly tensor: TensorInfo
  readonly address: number
}

/** Where the tensors of a layer are, by role, and its cells. */
export type LayerPlan = {
  readonly [Role in CommonMatrixRole]: MatrixPlan
} & {
  readonly [Role in Exclude<MatrixRole, CommonMatrixRole>]?: MatrixPlan
} & {
  readonly [Role in VectorRole]?: VectorPlan
} & CellsPlan

interface CellsPlan {
  /** K cells [kvHeads][cells], see cells.ts. */
  readonly kCells: number
  readonly kBytes: number
  /** V cells, likewise. */
  readonly vCells: number
  readonly vBytes: number
  readonly kvHeads: number
}

/** Addresses of the codebooks that the stage's generic weights pick from. */
export type Codebooks = { readonly [name in CodebookName]?: number }

/** A region of equal entries. */
export interface Region {
  readonly address: number
  /** Bytes from one entry to the next. */
  readonly stride: number
}

/** Activations of `n` rows in both forms a weight may want. */
export interface ActivationRegion {
  /** f32 [n][width]. */
  readonly f32: Region
  /** The `q8` form of the same rows. */
  readonly q8: Region
}

/** Rows of a mixture are assignments: a row of the micro-batch for each expert that it goes through. */
export interface ExpertRegions {
  /** f32 [rows][experts]: how much the router likes each expert. */
  readonly scores: Region
  /** Per lane, for one row: i32 chosen experts and f32 their weights. */
  readonly choice: Region & { readonly weights: number }
  /** Inputs and outputs of assignments. */
  readonly gathered: ActivationRegion
  readonly outputs: Region
  /** f32 [rows][GROUP_ROWS]: the first is the gate of the expert all rows share. */
  readonly sharedGate: Region
}

export interface StageLayout {
  /** Bytes of the whole memory. */
  readonly bytes: number
  readonly range: StageRange
  readonly sizes: StageSizes
  readonly embedding: MatrixPlan | undefined
  readonly layers: readonly LayerPlan[]
  readonly outputNorm: VectorPlan | undefined
  readonly output: MatrixPlan | undefined
  /** i32 [sequences][contextLength], written by the conductor only. */
  readonly cellTable: number
  /** Input ring: per slot the words of codec.ts, then the activations f32 [rows][width]. */
  readonly input: Region & { readonly activations: number }
  /** Last stage only: result ring slots (codec.ts) and, per slot, logits f32 [headRowsMax][vocabulary]. */
  readonly results: (Region & { readonly logits: Region; readonly logitsRow: number }) | undefined
  /** For each rotation of the model: f64 inverse frequencies, and per row cos/sin pairs. */
  readonly ropes: readonly { readonly frequencies: number; readonly tables: Region }[]
  /** Shared by the lanes: f32 rows. */
  readonly q: Region
  readonly k: Region
  readonly v: Region
  readonly attention: Region
  readonly projection: Region
  readonly gate: Region
  readonly up: Region
  /** What the FFN's last product takes, in the `q8` form. */
  readonly hidden: Region
  /** For mixtures of experts. */
  readonly experts: ExpertRegions | undefined
  /** Activations that all lanes prepared together. */
  readonly shared: ActivationRegion
  /** Activations one lane prepared for itself, for up to `PRIVATE_ROWS` rows. */
  readonly private: readonly ActivationRegion[]
  readonly attentionScratch: Region
  /** Per KV head: results of the chunks of a row's positions, see merge_attention. */
  readonly attentionStates: Region
  readonly matmulScratch: Region
  /** i32 words through which lane 0 names the input and result slot to compute. */
  readonly leadWords: number
  /** i32 per lane: the rows it found faulty. */
  readonly laneFaults: number
  /** Per lane: a group of generic weights as f32 [k][8]; nothing where there are none. */
  readonly dequantized: Region
  readonly codebooks: Codebooks
  /** Per lane: where file bytes land before they are repacked. */
  readonly window: Region
}

/** Up to this many rows each lane prepares the activations of all rows itself, which saves a barrier. */
export const PRIVATE_ROWS = 8
/** Slots of the result ring: the conductor reads one while the last stage fills the other. */
export const RESULT_SLOTS = 2
/** Bytes of a lane's repacking window; a group of eight rows must fit, see `windowBytes`. */
const WINDOW_BYTES = 1 << 20
/** The first bytes stay unused so that address 0 never names anything. */
const FIRST_ADDRESS = 4096
const ALIGNMENT = 64
/** What lanes write for themselves lies in pages of their own: prefetchers run past its end, but not into another page. */
const LANE_ALIGNMENT = 4096

const align = (bytes: number, alignment = ALIGNMENT): number => Math.ceil(bytes / alignment) * alignment
/** Matrix products write whole groups of eight outputs. */
const paddedRowBytes = (elements: number): number => align(Math.ceil(elements / GROUP_ROWS) * GROUP_ROWS * 4)

/** Rows of the largest micro-batch of either kind. */
export const rowsMax = ({ chunkRows }: StageSizes): number => Math.max(chunkRows, ROWS_MAX)

/** Plans the memory of one stage. Pure arithmetic: nothing is allocated, and the sum may exceed what a memory can hold. */
export function stageLayout(
  config: ModelConfig,
  weights: ModelWeights,
  range: StageRange,
  sizes: StageSizes,
): StageLayout {
  let next = FIRST_ADDRESS
  const take = (bytes: number): number => {
    const at = next
    next += align(bytes)
    return at
  }
  const region = (stride: number, count: number): Region => ({ address: take(stride * count), stride })
  const ofLanes = (bytes: number): Region => {
    next = align(next, LANE_ALIGNMENT)
    return region(align(bytes, LANE_ALIGNMENT), sizes.lanes)
  }
  const vector = (tensor: TensorInfo): VectorPlan => ({ tensor, address: take(tensor.bytes) })
  const matrix = (tensor: MatrixTensor): MatrixPlan => {
    const [k = 1, rows = 1, slabs = 1] = tensor.dims
    const plan = { tensor, rows, k, slabs, address: take(packedBytes(tensor.type, rows, k) * slabs) }
    return tensor.scale ? { ...plan, scale: vector(tensor.scale) } : plan
  }
  const layer = (layerWeights: LayerWeights, index: number): LayerPlan => {
    const { kvHeads } = config.layers[range.first + index]!
    const cellsBytes = (type: CellType) => kvHeads * sizes.cells * cellBytes(type, config.headDim)
    const [kBytes, vBytes] = [cellsBytes(sizes.cellTypeK), cellsBytes(sizes.cellTypeV)]
    const planned = Object.entries(layerWeights).map(([role, tensor]) => {
      return [role, tensor.dims.length === 1 ? vector(tensor) : matrix(tensor as MatrixTensor)]
    })
    const cells: CellsPlan = { kCells: take(kBytes), kBytes, vCells: take(vBytes), vBytes, kvHeads }
    return { ...Object.fromEntries(planned), ...cells }
  }

  const rows = rowsMax(sizes)
  const { headRowsMax } = sizes
  const queryWidth = config.heads * config.headDim
  const kvWidth = config.kvHeads * config.headDim
  const headsPerKvHead = Math.max(...config.layers.map(({ heads, kvHeads }) => heads / kvHeads))
  const { experts } = config
  const hiddenWidth = experts ? Math.max(experts.ffnWidth, experts.sharedFfnWidth) : config.ffnWidth
  /** Rows inside the FFN: a row goes through several experts. */
  const hiddenRows = rows * (experts?.used ?? 1)
  const widest = Math.max(config.width, queryWidth, hiddenWidth)
  const activations = (count: number): ActivationRegion => ({
    f32: region(align(widest * 4), count),
    q8: region(align(activationBytes('q8', widest)), count),
  })
  const recordBytes = slotWords(rows) * 4
  const input = {
    ...region(recordBytes + align(config.width * 4 * rows), range.inputSlots),
    activations: recordBytes,
  }

  const embedding = range.isFirst ? matrix(weights.tokenEmbedding) : undefined
  const tied = weights.output === weights.tokenEmbedding
  const layers = weights.layers.slice(range.first, range.first + range.count).map(layer)
  const output = range.isLast ? (tied && embedding ? embedding : matrix(weights.output)) : undefined
  // An embedding takes the place of logits.
  const logitsRow = paddedRowBytes(Math.max(config.vocabularySize, config.width))
  const windowBytes = align(Math.max(WINDOW_BYTES, largestGroupBytes(weights, range)))
  const generic = stageMatrices({ layers, embedding, output }).filter(({ tensor }) => isGeneric(tensor.type))
  const codebookNames = new Set(
    generic.map(({ tensor }) => codebookOf(tensor.type)).filter((name) => name !== undefined),
  )
  const layout = {
    range,
    sizes,
    embedding,
    layers,
    outputNorm: range.isLast ? vector(weights.outputNorm) : undefined,
    output,
    cellTable: take(sizes.sequences * sizes.contextLength * 4),
    input,
    results: range.isLast
      ? {
          ...region(align(returnSlotBytes(headRowsMax)), RESULT_SLOTS),
          logits: region(logitsRow * headRowsMax, RESULT_SLOTS),
          logitsRow,
        }
      : undefined,
    ropes: config.ropes.map(({ dimensionCount }) => ({
      frequencies: take((dimensionCount / 2) * 8),
      tables: region(align(dimensionCount * 4), rows),
    })),
    q: region(paddedRowBytes(queryWidth), rows),
    k: region(paddedRowBytes(kvWidth), rows),
    v: region(paddedRowBytes(kvWidth), rows),
    attention: region(align(queryWidth * 4), rows),
    projection: region(paddedRowBytes(config.width), rows),
    gate: region(paddedRowBytes(hiddenWidth), hiddenRows),
    up: region(paddedRowBytes(hiddenWidth), hiddenRows),
    hidden: region(align(activationBytes('q8', hiddenWidth)), rows),
    experts: experts && {
      scores: region(paddedRowBytes(experts.count), rows),
      choice: { ...ofLanes(experts.used * 8), weights: experts.used * 4 },
      gathered: activations(hiddenRows),
      outputs: region(paddedRowBytes(config.width), hiddenRows),
      sharedGate: region(GROUP_ROWS * 4, rows),
    },
    shared: activations(hiddenRows),
    private: Array.from({ length: sizes.lanes }, () => activations(PRIVATE_ROWS)),
    attentionScratch: ofLanes(attentionScratchBytes(config.headDim)),
    attentionStates: region(
      align(chunksOf(0, sizes.contextLength) * attentionStateBytes(headsPerKvHead, config.headDim)),
      config.kvHeads,
    ),
    matmulScratch: ofLanes(MATMUL_SCRATCH_BYTES),
    leadWords: take(8),
    laneFaults: take(sizes.lanes * 4),
    dequantized: ofLanes(Math.max(0, ...generic.map(({ k }) => tileBytes(k)))),
    codebooks: Object.fromEntries([...codebookNames].map((name) => [name, take(codebookBytes(name))])),
    window: ofLanes(windowBytes),
  }
  return { ...layout, bytes: next }
}

/** The stage's own weights. */
export function stageMatrices(layout: Pick<StageLayout, 'layers' | 'embedding' | 'output'>): MatrixPlan[] {
  const all = layout.layers.flatMap((layer) => Object.values(layer).filter(isMatrix))
  for (const matrix of [layout.embedding, layout.output]) if (matrix && !all.includes(matrix)) all.push(matrix)
  return all
}

/** The stage's norms, biases and factors. */
export function stageVectors(layout: StageLayout): VectorPlan[] {
  const all = layout.layers.flatMap((layer) => Object.values(layer).filter(isVector))
  for (const { scale } of stageMatrices(layout)) if (scale) all.push(scale)
  return layout.outputNorm ? [...all, layout.outputNorm] : all
}

type Planned = LayerPlan[keyof LayerPlan]
const isMatrix = (part: Planned): part is MatrixPlan => typeof part === 'object' && 'rows' in part
const isVector = (part: Planned): part is VectorPlan => typeof part === 'object' && !('rows' in part)

/** Whether a matrix reads its input in the `q8` form. */
export const wantsQ8 = (matrix: MatrixPlan): boolean => activationFormat(matrix.tensor.type) === 'q8'

function largestGroupBytes(weights: ModelWeights, range: StageRange): number {
  const ofLayers = weights.layers.slice(range.first, range.first + range.count).flatMap((layer) => Object.values(layer))
  const tensors = [...ofLayers.filter(({ dims }) => dims.length > 1), weights.tokenEmbedding, weights.output]
  return Math.max(...tensors.map(({ type, dims }) => rowBytes(type, dims[0]!) * GROUP_ROWS))
}
