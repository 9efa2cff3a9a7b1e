// The residual stream of the rows: what a branch computes is added to it, normalized and scaled as the model wants.
import type { LayerKind, ModelConfig } from '../config/model-config.ts'
import { columnStart, type Lane } from '../lane.ts'
import type { BlockPlan } from '../memory/layout.ts'
import type { VectorPlan } from '../memory/space.ts'
import type { RowSet } from '../row-set.ts'
import { type Block, type BlockNeeds, type LaneStage, vectorOf } from './block.ts'
import { type LayerTensor, vector, width } from './layer-tensor.ts'

/** What is computed beside the residual stream and then added to it. */
export interface Branch<Scratch = unknown> extends BlockNeeds<Scratch> {
  open(stage: LaneStage, scratch: Scratch): BranchProgram
}

export interface BranchProgram {
  bind(plan: BlockPlan, layer: LayerKind): BoundBranch
}

export interface BoundBranch {
  /** Added to what `run` writes. */
  readonly bias: VectorPlan | undefined
  /** Writes this lane's columns of layout.projection: the branch of norm(x), or of x where there is no norm. */
  run(norm: VectorPlan | undefined): void
}

export const ATTENTION_NORM = vector('attentionNorm', 'attn_norm.weight', width)
export const ATTENTION_POST_NORM = vector('attentionPostNorm', 'post_attention_norm.weight', width)
export const FFN_NORM = vector('ffnNorm', 'ffn_norm.weight', width)
export const FFN_POST_NORM = vector('ffnPostNorm', 'post_ffw_norm.weight', width)

export interface ResidualNorms {
  /** Of what the branch reads. */
  readonly before?: LayerTensor
  /** Of what it adds. */
  readonly after?: LayerTensor
}

/** x += scale * after(branch(before(x))), the scale that of the configuration unless another one is given. */
export function residual<Scratch>(
  branch: Branch<Scratch>,
  { before, after }: ResidualNorms,
  scale = ({ residualScale }: ModelConfig) => residualScale,
): Block<Scratch> {
  return {
    ...branch,
    tensors: [...(before ? [before] : []), ...branch.tensors, ...(after ? [after] : [])],
    open(stage, scratch) {
      const program = branch.open(stage, scratch)
      const sum = new ResidualSum(stage.lane, stage.rows, scale(stage.lane.config))
      return {
        bind(plan, layer) {
          const bound = program.bind(plan, layer)
          const norm = vectorOf(plan, before)
          const postNorm = vectorOf(plan, after)
          return {
            run() {
              bound.run(norm)
              sum.add(bound.bias, postNorm)
            },
          }
        },
      }
    },
  }
}

class ResidualSum {
  readonly #lane: Lane
  readonly #rows: RowSet
  readonly #scale: number
  /** The columns this lane computes of everything that is as wide as the stream. */
  readonly #from: number
  readonly #width: number

  constructor(lane: Lane, rows: RowSet, scale: number) {
    const { config, index, count } = lane
    this.#lane = lane
    this.#rows = rows
    this.#scale = scale
    this.#from = columnStart(config.width, index, count)
    this.#width = columnStart(config.width, index + 1, count) - this.#from
  }

  /** x += scale * norm(projection + bias), once this lane's columns of layout.projection are written. All lanes meet. */
  add(bias: VectorPlan | undefined, norm: VectorPlan | undefined): void {
    const { kernels, layout, config, sync, index, count } = this.#lane
    const { projection } = layout
    const { x, count: rowCount } = this.#rows
    const offset = this.#from * 4
    for (let row = 0; row < rowCount && bias; row++) {
      kernels.add(projection.address + row * projection.stride + offset, bias.address + offset, this.#width)
    }
    if (norm) {
      // A norm needs whole rows, so the lanes share the rows.
      sync.barrier()
      for (let row = index; row < rowCount; row += count) {
        const block = projection.address + row * projection.stride
        kernels.rmsnorm(block, block, norm.address, config.width, 1, 0, 0, config.normEps)
        kernels.add_scaled(x.address + row * x.stride, block, config.width, this.#scale)
      }
    } else {
      for (let row = 0; row < rowCount; row++) {
        const block = projection.address + row * projection.stride + offset
        kernels.add_scaled(x.address + row * x.stride + offset, block, this.#width, this.#scale)
      }
    }
    this.#rows.meet()
  }
}
