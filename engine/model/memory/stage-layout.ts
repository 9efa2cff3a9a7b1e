// Plans the memory of one stage: weights, what blocks need, rings, and what lanes need for themselves. Pure.
import { isGeneric, rowBytes } from '../../gguf/ggml-types.ts'
import { GROUP_ROWS } from '../../limits.ts'
import { returnSlotBytes, slotWords } from '../../wire/codec.ts'
import { layerBlocks } from '../architectures/list.ts'
import type { Block } from '../blocks/block.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { MATMUL_SCRATCH_BYTES, tileBytes } from '../formats.ts'
import { codebookBytes, codebookOf } from './codebooks.ts'
import {
  type BlockPlan,
  PRIVATE_ROWS,
  RESULT_SLOTS,
  rowsMax,
  type StageLayout,
  type StageRange,
  type StageSizes,
  stageMatrices,
} from './layout.ts'
import type { LayerWeights, ModelWeights } from './model-weights.ts'
import { Space } from './space.ts'

/** Bytes of a lane's repacking window; a group of eight rows must fit. */
const REPACK_BYTES = 1 << 20

/** Nothing is allocated, and `bytes` may exceed what a memory can hold. */
export function stageLayout(
  config: ModelConfig,
  weights: ModelWeights,
  range: StageRange,
  sizes: StageSizes,
): StageLayout {
  const space = new Space(sizes.lanes)
  const rows = rowsMax(sizes)
  const tensors = weightsOf(space, config, weights, range, sizes)
  const ends = {
    cellTable: space.take(sizes.sequences * sizes.contextLength * 4),
    input: inputRing(space, config, range, rows),
    results: range.isLast ? resultRing(space, config, sizes) : undefined,
    ropes: config.ropes.map(({ dimensionCount }) => ({
      frequencies: space.take((dimensionCount / 2) * 8),
      tables: space.region(dimensionCount * 4, rows),
    })),
  }
  const blocks = blocksOf(config, range)
  const scratch = Object.fromEntries(blocks.map((block) => [block.name, block.planScratch(space, config, sizes)]))
  const inputs = blocks.map((block) => block.inputs(config))
  const width = Math.max(config.width, ...inputs.map((input) => input.width))
  const perRow = Math.max(1, ...inputs.map((input) => input.perRow))
  const generic = stageMatrices(tensors).filter(({ tensor }) => isGeneric(tensor.type))
  const codebooks = new Set(generic.map(({ tensor }) => codebookOf(tensor.type)).filter((name) => name !== undefined))
  const layout = {
    range,
    sizes,
    ...tensors,
    ...ends,
    scratch,
    projection: space.outputs(config.width, rows),
    shared: space.activations(width, rows * perRow),
    private: Array.from({ length: sizes.lanes }, () => space.activations(width, PRIVATE_ROWS)),
    matmulScratch: space.ofLanes(MATMUL_SCRATCH_BYTES),
    leadWords: space.take(8),
    laneFaults: space.take(sizes.lanes * 4),
    dequantized: space.ofLanes(Math.max(0, ...generic.map(({ k }) => tileBytes(k)))),
    codebooks: Object.fromEntries([...codebooks].map((name) => [name, space.take(codebookBytes(name))])),
    window: space.ofLanes(Math.max(REPACK_BYTES, largestGroupBytes(weights, range))),
  }
  return { ...layout, bytes: space.bytes }
}

/** The blocks of the stage's layers, one of each name. */
function blocksOf(config: ModelConfig, { first, count }: StageRange): Block[] {
  const all = Array.from({ length: count }, (_, index) => layerBlocks(config, first + index)).flat()
  return [...new Map(all.map((block) => [block.name, block])).values()]
}

function weightsOf(
  space: Space,
  config: ModelConfig,
  weights: ModelWeights,
  range: StageRange,
  sizes: StageSizes,
): Pick<StageLayout, 'embedding' | 'layers' | 'outputNorm' | 'output'> {
  const { isFirst, isLast, first, count } = range
  const embedding = isFirst ? space.matrix(weights.tokenEmbedding) : undefined
  const layers = weights.layers.slice(first, first + count).map((layer, index) => {
    const kind = config.layers[first + index]!
    return layerBlocks(config, first + index).map((block): BlockPlan => {
      const cells = block.planCells?.(space, config, kind, sizes) ?? []
      return { ...tensorsOf(space, block, layer), cells }
    })
  })
  if (!isLast) return { embedding, layers, outputNorm: undefined, output: undefined }
  const isTied = weights.output === weights.tokenEmbedding
  const output = isTied && embedding ? embedding : space.matrix(weights.output)
  return { embedding, layers, outputNorm: space.vector(weights.outputNorm), output }
}

function tensorsOf(space: Space, { tensors }: Block, weights: LayerWeights): Omit<BlockPlan, 'cells'> {
  const roles = new Set(tensors.flatMap(({ parts }) => parts.map(({ role }) => role)))
  const placed = <Tensor, Plan>(all: { readonly [role: string]: Tensor }, place: (tensor: Tensor) => Plan) =>
    Object.fromEntries(
      Object.entries(all)
        .filter(([role]) => roles.has(role))
        .map(([role, tensor]) => [role, place(tensor)]),
    )
  return {
    matrices: placed(weights.matrices, (tensor) => space.matrix(tensor)),
    vectors: placed(weights.vectors, (tensor) => space.vector(tensor)),
  }
}

function inputRing(space: Space, { width }: ModelConfig, { inputSlots }: StageRange, rows: number) {
  const recordBytes = slotWords(rows) * 4
  return { ...space.region(recordBytes + width * 4 * rows, inputSlots), activations: recordBytes }
}

/** An embedding takes the place of logits. */
function resultRing(space: Space, { vocabularySize, width }: ModelConfig, { headRowsMax }: StageSizes) {
  const records = space.region(returnSlotBytes(headRowsMax), RESULT_SLOTS)
  const { address, stride } = space.outputs(Math.max(vocabularySize, width), headRowsMax * RESULT_SLOTS)
  return { ...records, logits: { address, stride: stride * headRowsMax }, logitsRow: stride }
}

function largestGroupBytes(weights: ModelWeights, { first, count }: StageRange): number {
  const ofLayers = weights.layers.slice(first, first + count).flatMap(({ matrices }) => Object.values(matrices))
  const tensors = [...ofLayers, weights.tokenEmbedding, weights.output]
  return Math.max(...tensors.map(({ type, dims }) => rowBytes(type, dims[0]!) * GROUP_ROWS))
}
