// The attention branch of a layer: queries, keys and values are products of norm(x), rows write their cells and read those
// they may see, and what they gathered goes through one more product.
import { multiplyEach, multiplyShare } from '../activations.ts'
import type { ModelConfig } from '../config/model-config.ts'
import type { Matrix } from '../matrix.ts'
import {
  attentionScratchBytes,
  attentionStateBytes,
  type CellType,
  cellBytes,
  chunkRoom,
  READER_BYTES,
} from '../memory/cells.ts'
import { rowsMax } from '../memory/layout.ts'
import type { Region, VectorPlan } from '../memory/space.ts'
import { AttentionInputs } from './attention-inputs.ts'
import { type AttentionLayer, type AttentionScratch, attentionLayer } from './attention-layer.ts'
import { AttentionReads } from './attention-reads.ts'
import { type LaneStage, matrixOf } from './block.ts'
import {
  fusedMatrix,
  fusedVector,
  type LayerTensor,
  matrix,
  optional,
  type Size,
  vector,
  width,
} from './layer-tensor.ts'
import type { Branch } from './residual.ts'

const queryWidth: Size = (c, layer) => layer.heads * c.headDim
const kvWidth: Size = (c, layer) => layer.kvHeads * c.headDim
const headDim: Size = (c) => c.headDim

/** In one tensor or in three. */
const QUERIES_KEYS_VALUES: readonly LayerTensor[] = [
  optional(fusedMatrix('attn_qkv', width, ['q', queryWidth], ['k', kvWidth], ['v', kvWidth])),
  optional(fusedVector('attn_qkv.bias', ['qBias', queryWidth], ['kBias', kvWidth], ['vBias', kvWidth])),
  matrix('q', 'attn_q', width, queryWidth),
  matrix('k', 'attn_k', width, kvWidth),
  matrix('v', 'attn_v', width, kvWidth),
  optional(vector('qBias', 'attn_q.bias', queryWidth)),
  optional(vector('kBias', 'attn_k.bias', kvWidth)),
  optional(vector('vBias', 'attn_v.bias', kvWidth)),
]

/** Norms of every head's query and key. */
export const HEAD_NORMS: readonly LayerTensor[] = [
  vector('qNorm', 'attn_q_norm.weight', headDim),
  vector('kNorm', 'attn_k_norm.weight', headDim),
]

/** Norms of all heads' queries together, and of all keys. */
export const ROW_NORMS: readonly LayerTensor[] = [
  vector('qNorm', 'attn_q_norm.weight', queryWidth),
  vector('kNorm', 'attn_k_norm.weight', kvWidth),
]

const OUTPUT: readonly LayerTensor[] = [
  matrix('attentionOutput', 'attn_output', queryWidth, width),
  optional(vector('attentionOutputBias', 'attn_output.bias', width)),
]

/** Attention with K and V cells of every position, and with norms of queries and keys where a model has some. */
export const attention = (norms: readonly LayerTensor[] = []): Branch<AttentionScratch> => ({
  name: 'attention',
  tensors: [...QUERIES_KEYS_VALUES, ...norms, ...OUTPUT],
  cellSources: ['k', 'v'],
  inputs: ({ heads, headDim }) => ({ width: heads * headDim, perRow: 1 }),
  planScratch(space, config, sizes) {
    const { heads, kvHeads, headDim } = config
    const rows = rowsMax(sizes)
    const room = chunkRoom(sizes.contextLength)
    const stateBytes = attentionStateBytes(headsPerKvHead(config), headDim)
    return {
      q: space.outputs(heads * headDim, rows),
      k: space.outputs(kvHeads * headDim, rows),
      v: space.outputs(kvHeads * headDim, rows),
      heads: space.region(heads * headDim * 4, rows),
      states: space.region(room * stateBytes, kvHeads),
      readers: space.ofLanes(room * READER_BYTES),
      kernel: space.ofLanes(attentionScratchBytes(headDim)),
    }
  },
  planCells(space, { headDim }, { kvHeads }, { cells, cellTypeK, cellTypeV }) {
    const region = (type: CellType) => space.cells(cellBytes(type, headDim), kvHeads, cells)
    return [region(cellTypeK), region(cellTypeV)]
  },
  open(stage, scratch) {
    const program = new Attention(stage, scratch)
    return {
      bind(plan, kind) {
        const bind = (role: string) => stage.bind(matrixOf(plan, role))
        const layer = attentionLayer(stage.lane, plan, kind)
        const qkv = [bind('q'), bind('k'), bind('v')]
        const output = [bind('attentionOutput')] as const
        const bias = plan.vectors.attentionOutputBias
        return { bias, run: (norm) => program.run(layer, qkv, output, norm) }
      },
    }
  },
})

const headsPerKvHead = ({ layers }: ModelConfig): number =>
  Math.max(...layers.map(({ heads, kvHeads }) => heads / kvHeads))

class Attention {
  readonly #stage: LaneStage
  readonly #scratch: AttentionScratch
  readonly #inputs: AttentionInputs
  readonly #reads: AttentionReads
  /** What is needed of a row once it has its query, key and value, and once it has read its cells. */
  readonly #projected: readonly Region[]
  readonly #gathered: readonly Region[]

  constructor(stage: LaneStage, scratch: AttentionScratch) {
    const { lane, rows } = stage
    this.#stage = stage
    this.#scratch = scratch
    this.#inputs = new AttentionInputs(lane, rows, scratch)
    this.#reads = new AttentionReads(lane, rows, scratch)
    this.#projected = [scratch.q, scratch.k, scratch.v]
    this.#gathered = [scratch.heads]
  }

  /** Writes this lane's columns of layout.projection. */
  run(layer: AttentionLayer, qkv: readonly Matrix[], output: readonly [Matrix], norm: VectorPlan | undefined): void {
    const { lane, rows, activations } = this.#stage
    const { config, layout } = lane
    const input = activations.prepare(rows.x, config.width, rows.count, norm, qkv)
    multiplyEach(lane, qkv, this.#projected, input, rows.count)
    rows.meet(this.#projected)
    this.#inputs.write(layer)
    this.#reads.read(layer)
    rows.meet(this.#gathered)
    const width = layer.kind.heads * config.headDim
    const heads = activations.prepare(this.#scratch.heads, width, rows.count, undefined, output)
    multiplyShare(lane, output[0], layout.projection, heads, rows.count)
  }
}
