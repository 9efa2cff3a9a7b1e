// What a layer is made of. A block owns its tensors, its part of a stage's memory, what it keeps of every position, and
// its kernel calls; nobody else knows them. Blocks are plain records without state, made once by an architecture; what
// computes is opened from them in every lane of a stage.
import type { Activations } from '../activations.ts'
import type { LayerKind, ModelConfig } from '../config/model-config.ts'
import type { Lane } from '../lane.ts'
import type { Bind } from '../matrix.ts'
import type { BlockPlan, StageSizes } from '../memory/layout.ts'
import type { CellRegion, MatrixPlan, Space, VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import type { LayerTensor } from './layer-tensor.ts'

/** What a block needs, known before anything is loaded. */
export interface BlockNeeds<Scratch = unknown> {
  /** Blocks of one name share their scratch, so they plan it alike. */
  readonly name: string
  /** Where several may hold a role, the first that a file has does. */
  readonly tensors: readonly LayerTensor[]
  /** Roles of the matrices whose products are kept in cells. */
  readonly cellSources?: readonly string[]
  /** The longest rows it prepares as inputs of products, and how many for a row of the micro-batch. */
  inputs(config: ModelConfig): { readonly width: number; readonly perRow: number }
  /** Memory that all layers of a stage with such blocks share, since they run one after the other. */
  planScratch(space: Space, config: ModelConfig, sizes: StageSizes): Scratch
  /** What a layer keeps of every position, where it keeps something. */
  planCells?(space: Space, config: ModelConfig, layer: LayerKind, sizes: StageSizes): readonly CellRegion[]
}

export interface Block<Scratch = unknown> extends BlockNeeds<Scratch> {
  open(stage: LaneStage, scratch: Scratch): BlockProgram
}

/** What a lane computes the blocks of one kind with. */
export interface BlockProgram {
  /** One layer's block, bound to its memory: whatever can be decided once is decided here. */
  bind(plan: BlockPlan, layer: LayerKind): BoundBlock
}

export interface BoundBlock {
  /**
   * Computes this lane's share for the rows of the micro-batch, with their residual streams as input and output. Where
   * lanes meet, the block says which of its regions hold rows that are still needed (`RowSet.meet`).
   */
  run(): void
}

/** A part of a stage that all blocks of a lane share. */
export interface LaneStage {
  readonly lane: Lane
  readonly rows: RowSet
  readonly activations: Activations
  readonly bind: Bind
}

/** The matrix of a role that every model has. */
export function matrixOf({ matrices }: BlockPlan, role: string): MatrixPlan {
  const found = matrices[role]
  if (found === undefined) throw new Error(`tsinfer bug: no matrix ${role}`)
  return found
}

/** The vector of a tensor, undefined where the block or the model has none. */
export const vectorOf = ({ vectors }: BlockPlan, tensor: LayerTensor | undefined): VectorPlan | undefined =>
  tensor && vectors[tensor.parts[0]!.role]
