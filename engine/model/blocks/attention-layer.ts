// One layer's attention as a lane sees it: where its cells and vectors are, and which heads are the lane's own.
import type { LayerKind } from '../config/model-config.ts'
import { type Lane, shareStart } from '../lane.ts'
import { attentionStateBytes } from '../memory/cells.ts'
import type { BlockPlan } from '../memory/layout.ts'
import type { Region, VectorPlan } from '../memory/space.ts'

/** Memory that all layers share. */
export interface AttentionScratch {
  /** f32 rows of all heads. */
  readonly q: Region
  readonly k: Region
  readonly v: Region
  /** f32 rows: what the query heads have gathered. */
  readonly heads: Region
  /** Per KV head: results of the chunks that rows read, see merge_attention. */
  readonly states: Region
  /** Per lane: who reads them. */
  readonly readers: Region
  /** Per lane. */
  readonly kernel: Region
}

export interface AttentionLayer {
  readonly kind: LayerKind
  /** Addresses of the cells. */
  readonly kCells: number
  readonly vCells: number
  readonly qBias: VectorPlan | undefined
  readonly kBias: VectorPlan | undefined
  readonly vBias: VectorPlan | undefined
  readonly qNorm: VectorPlan | undefined
  readonly kNorm: VectorPlan | undefined
  /** Whether queries are normalized over all heads together rather than head by head. */
  readonly normalizesRows: boolean
  /** The KV heads whose cells this lane writes, and which it reads unless lanes share them: first .. end - 1. */
  readonly firstHead: number
  readonly endHead: number
  /** Query heads of a KV head. */
  readonly group: number
  /** Bytes of the result of a chunk for a KV head. */
  readonly stateBytes: number
}

export function attentionLayer({ config, index, count }: Lane, plan: BlockPlan, kind: LayerKind): AttentionLayer {
  const { qBias, kBias, vBias, qNorm, kNorm } = plan.vectors
  const [kCells, vCells] = plan.cells
  const group = kind.heads / kind.kvHeads
  return {
    kind,
    kCells: kCells!.address,
    vCells: vCells!.address,
    qBias,
    kBias,
    vBias,
    qNorm,
    kNorm,
    normalizesRows: qNorm !== undefined && qNorm.tensor.dims[0] !== config.headDim,
    firstHead: shareStart(kind.kvHeads, index, count),
    endHead: shareStart(kind.kvHeads, index + 1, count),
    group,
    stateBytes: attentionStateBytes(group, config.headDim),
  }
}
