// The memory of one stage: what lies at which byte address. A plain record that is posted to every thread, so all of them
// agree without asking; stage-layout.ts makes it. Pure.
import { microBatchRows } from '../../limits.ts'
import type { CellType } from './cells.ts'
import type { CodebookName } from './codebooks.ts'
import type { ActivationRegion, CellRegion, MatrixPlan, Region, VectorPlan } from './space.ts'

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

/** Where the tensors of a block of a layer are, by role, and what it keeps of every position. */
export interface BlockPlan {
  readonly matrices: { readonly [role: string]: MatrixPlan }
  readonly vectors: { readonly [role: string]: VectorPlan }
  readonly cells: readonly CellRegion[]
}

/** Addresses of the codebooks that the stage's generic weights pick from. */
export type Codebooks = { readonly [name in CodebookName]?: number }

export interface StageLayout {
  /** Bytes of the whole memory. */
  readonly bytes: number
  readonly range: StageRange
  readonly sizes: StageSizes
  readonly embedding: MatrixPlan | undefined
  /** Per layer, what belongs to each of its blocks. */
  readonly layers: readonly (readonly BlockPlan[])[]
  /** By the name of a block: what all layers with such blocks share. Only the block knows what it is. */
  readonly scratch: Readonly<Record<string, unknown>>
  readonly outputNorm: VectorPlan | undefined
  readonly output: MatrixPlan | undefined
  /** i32 [sequences][contextLength], written by the conductor only. */
  readonly cellTable: number
  /** Input ring: per slot the words of codec.ts, then the activations f32 [rows][width]. */
  readonly input: Region & { readonly activations: number }
  /**
   * Last stage only: result ring slots (codec.ts) and, per slot, logits f32 [headRowsMax][vocabulary]. Rows are filled from
   * the first on, so the system gives memory to as many as micro-batches have had.
   */
  readonly results: (Region & { readonly logits: Region; readonly logitsRow: number }) | undefined
  /** For each rotation of the model: f64 inverse frequencies, and per row cos/sin pairs. */
  readonly ropes: readonly { readonly frequencies: number; readonly tables: Region }[]
  /** f32 [rows][width]: what a block is about to add to the residual stream. */
  readonly projection: Region
  /** Activations that all lanes prepared together. */
  readonly shared: ActivationRegion
  /** Activations one lane prepared for itself, for up to `PRIVATE_ROWS` rows. */
  readonly private: readonly ActivationRegion[]
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
/** Rows of the largest micro-batch of either kind. */
export const rowsMax = ({ chunkRows }: StageSizes): number => microBatchRows(chunkRows)

/** The stage's own weights. */
export function stageMatrices(layout: Pick<StageLayout, 'layers' | 'embedding' | 'output'>): MatrixPlan[] {
  const all = layout.layers.flat().flatMap(({ matrices }) => Object.values(matrices))
  for (const matrix of [layout.embedding, layout.output]) if (matrix && !all.includes(matrix)) all.push(matrix)
  return all
}

/** The stage's norms, biases and factors. */
export function stageVectors(layout: StageLayout): VectorPlan[] {
  const all = layout.layers.flat().flatMap(({ vectors }) => Object.values(vectors))
  for (const { scale } of stageMatrices(layout)) if (scale) all.push(scale)
  return layout.outputNorm ? [...all, layout.outputNorm] : all
}

/** What the stage keeps of every position, layer after layer, and for how many. */
export const stageCells = ({ layers, sizes }: StageLayout): { regions: CellRegion[]; count: number } => ({
  regions: layers.flat().flatMap(({ cells }) => cells),
  count: sizes.cells,
})
