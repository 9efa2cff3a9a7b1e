// Chooses how a model runs on this machine: stages, lanes, context, chunk size, and from them the memory of every
// stage. Pure: a function of the model, the options and the number of cores.

import { TsinferError } from '../../errors.ts'
import {
  DEFAULT_CHUNK_ROWS,
  DEFAULT_CONTEXT,
  DEFAULT_GAP_FACTOR,
  DEFAULT_QUEUE,
  GROUPS_MAX,
  LANES_MAX,
  MEMORY_BYTES_MAX,
  STAGES_MAX,
} from '../../limits.ts'
import { layerBlocks } from '../architectures/list.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { packedBytes } from '../formats.ts'
import type { CellType } from './cells.ts'
import type { StageLayout, StageRange, StageSizes } from './layout.ts'
import type { LayerWeights, ModelWeights } from './model-weights.ts'
import { type LayerRange, partitionLayers } from './partition.ts'
import { checkCells, defaultCells, type PoolOptions, wantedCells } from './pool.ts'
import { stageLayout } from './stage-layout.ts'

/** What the user may fix; everything absent is planned. */
export interface PlanOptions extends PoolOptions {
  /** Positions of a sequence; 0 means the model's own. */
  readonly context?: number | undefined
  /** Cores to use in all. */
  readonly threads?: number | undefined
  readonly stages?: number | undefined
  /** Lanes per stage. */
  readonly lanes?: number | undefined
  /** Threads of another pipeline on the same cores. */
  readonly threadsBeside?: number | undefined
  /** Rows of a prefill chunk. */
  readonly chunkRows?: number | undefined
  readonly gapFactor?: number | undefined
  /** Requests that may wait. */
  readonly queueMax?: number | undefined
  /** Loads a lane makes before it parks at a barrier; none where there are more lanes than cores. */
  readonly barrierSpins?: number | undefined
  readonly kvTypeK?: CellType | undefined
  readonly kvTypeV?: CellType | undefined
  /** Memory that is free before the model is loaded; absent: enough. */
  readonly freeBytes?: number | undefined
}

export interface ModelPlan {
  readonly sizes: StageSizes
  readonly stages: readonly StageLayout[]
  /** Micro-batches in flight at once. */
  readonly inFlightMax: number
  /** Percentage of its time that a step of decoding may take with rows of prompts in it. */
  readonly gapPercent: number
  /** Requests that may wait. */
  readonly queueMax: number
  /** Loads a lane makes before it parks at a barrier, lane 0 at its bell, the conductor at its bell. */
  readonly spins: { readonly barrier: number; readonly stage: number; readonly conductor: number }
  /** Another pipeline works on the same cores. */
  readonly sharesCores: boolean
  /** Bytes of packed weights one decoded token streams. */
  readonly weightBytesPerToken: number
}

/** Below this a token takes well under a millisecond and a second lane's barriers cost more than it gains. */
const ONE_LANE_BYTES = 6 << 20
/** Rows of the cell table: several short sequences may share the cells of a long one. */
const SEQUENCES_MIN = 32
/** About 20 us of spinning: longer than a barrier usually takes, shorter than a park and wake. */
const BARRIER_SPINS = 20_000
/** About 200 us, for models whose tokens take less than that. */
const SHORT_TOKEN_SPINS = 200_000

/** Plans a model for `cores` usable cores. Throws `option_invalid` for options that cannot be met. */
export function planModel(config: ModelConfig, weights: ModelWeights, options: PlanOptions, cores: number): ModelPlan {
  checkStages(options, config)
  const budget = Math.max(1, (options.threads ?? cores) - (options.threadsBeside ?? 0))
  const small = totalBytes(weights) < ONE_LANE_BYTES
  const sizesFor = (stages: number, contextLength: number, cells?: number): StageSizes => {
    return {
      lanes: options.lanes ?? (small ? 1 : Math.min(LANES_MAX, Math.max(1, Math.floor(budget / stages)))),
      chunkRows: Math.min(options.chunkRows ?? DEFAULT_CHUNK_ROWS, contextLength),
      headRowsMax: GROUPS_MAX,
      contextLength,
      sequences: Math.max(SEQUENCES_MIN, options.sequences ?? 0),
      cells: cells ?? wantedCells(options, contextLength) ?? contextLength,
      cellTypeK: options.kvTypeK ?? cellDefaultType(config, weights),
      cellTypeV: options.kvTypeV ?? cellDefaultType(config, weights),
    }
  }
  const layouts = (stages: number, context: number) => stageLayouts(config, weights, stages, sizesFor(stages, context))
  const fits = (stages: number, context: number) =>
    layouts(stages, context).every(({ bytes }) => bytes <= MEMORY_BYTES_MAX)

  const wanted = wantedContext(options, config)
  const stagesAt = (context: number) => options.stages ?? fewestStages(config, (stages) => fits(stages, context))
  let context = wanted
  if (options.context === undefined) {
    // The default context shrinks rather than cost another stage.
    const stages = stagesAt(Math.min(wanted, 512))
    if (stages !== undefined) while (context > 512 && !fits(stages, context)) context = Math.max(512, context >> 1)
  }
  checkCells(options.kvCells, context)
  const stages = stagesAt(context)
  if (stages === undefined || !fits(stages, context)) throw doesNotFit(config, context, options)
  const freeBytes = Math.max(0, (options.freeBytes ?? Number.POSITIVE_INFINITY) - totalBytes(weights))
  const cells = wantedCells(options, context) ?? defaultCells(layouts(stages, context), context, freeBytes)
  const sizes = sizesFor(stages, context, cells)
  return {
    sizes,
    stages: stageLayouts(config, weights, stages, sizes),
    inFlightMax: inFlightMax(stages),
    gapPercent: Math.round((options.gapFactor ?? DEFAULT_GAP_FACTOR) * 100),
    queueMax: options.queueMax ?? DEFAULT_QUEUE,
    spins: spinsFor(budget - stages * sizes.lanes, small, options.barrierSpins ?? BARRIER_SPINS),
    sharesCores: false,
    weightBytesPerToken: bytesPerToken(weights, config),
  }
}

/** `coresLeft`: beside the lanes, below 0 where lanes share cores. */
function spinsFor(coresLeft: number, small: boolean, barrierSpins: number): ModelPlan['spins'] {
  const barrier = coresLeft >= 0 ? barrierSpins : 0
  const roomy = small && coresLeft > 0
  return { barrier, stage: roomy ? SHORT_TOKEN_SPINS : barrier, conductor: roomy ? SHORT_TOKEN_SPINS : 0 }
}

/** Two for every stage, and one behind them for a row that cannot wait while drafts fill the pipeline. */
const inFlightMax = (stages: number): number => stages * 2 + 1

function stageLayouts(config: ModelConfig, weights: ModelWeights, stages: number, sizes: StageSizes): StageLayout[] {
  const ranges: LayerRange[] = partitionLayers(
    weights.layers.map((layer) => layerBytes(layer)),
    matrixBytes(weights.output),
    stages,
  )
  return ranges.map((range, stage) => {
    const stageRange: StageRange = {
      ...range,
      isFirst: stage === 0,
      isLast: stage === stages - 1,
      // The first ring takes all that may be in flight, so that the conductor never waits for a slot.
      inputSlots: stage === 0 ? inFlightMax(stages) : 2,
    }
    return stageLayout(config, weights, stageRange, sizes)
  })
}

function fewestStages(config: ModelConfig, fits: (stages: number) => boolean): number | undefined {
  for (let stages = 1; stages <= Math.min(config.layerCount, STAGES_MAX); stages++) if (fits(stages)) return stages
  return undefined
}

const wantedContext = (options: PlanOptions, config: ModelConfig): number => {
  if (options.context === 0) return config.contextLength
  return options.context ?? Math.min(config.contextLength, DEFAULT_CONTEXT, options.kvCells ?? Number.POSITIVE_INFINITY)
}

/** f32 where all that cells are filled from is F32, else f16. */
function cellDefaultType(config: ModelConfig, { layers }: ModelWeights): CellType {
  const sources = layers.flatMap(({ matrices }, layer) =>
    layerBlocks(config, layer).flatMap(({ cellSources = [] }) => cellSources.map((role) => matrices[role]!)),
  )
  return sources.every(({ type }) => type === 'F32') ? 'f32' : 'f16'
}

const matrixBytes = ({ type, dims }: { type: string; dims: readonly number[] }): number =>
  packedBytes(type, dims[1]!, dims[0]!) * (dims[2] ?? 1)

/** Bytes of a layer's matrices; of a mixture's experts only the given share. */
const layerBytes = (layer: LayerWeights, expertShare = 1): number =>
  Object.values(layer.matrices).reduce(
    (sum, tensor) => sum + matrixBytes(tensor) * (tensor.dims.length > 2 ? expertShare : 1),
    0,
  )

const totalBytes = (weights: ModelWeights): number =>
  weights.layers.reduce((sum, layer) => sum + layerBytes(layer), matrixBytes(weights.output))

/** What one token reads: of a mixture only the experts it goes through. */
const bytesPerToken = ({ layers, output }: ModelWeights, { experts }: ModelConfig): number =>
  layers.reduce((sum, layer) => sum + layerBytes(layer, experts && experts.used / experts.count), matrixBytes(output))

/** What the table of options cannot know: how many layers there are. */
function checkStages({ stages }: PlanOptions, { layerCount }: ModelConfig): void {
  if (stages === undefined || stages <= layerCount) return
  const expected = `expected at most the model's ${layerCount} layers`
  throw new TsinferError('option_invalid', `stages: ${expected}, found ${stages}`)
}

function doesNotFit({ layerCount }: ModelConfig, context: number, { kvCells, stages }: PlanOptions): TsinferError {
  const wanted = kvCells === undefined ? `context ${context}` : `context ${context}, kvCells ${kvCells}`
  const split = `${layerCount} layers ${stages === undefined ? '' : `into ${stages} stages `}that fits`
  return new TsinferError(
    'option_invalid',
    `${wanted}: expected stages of at most 4 GiB each, found no split of ${split}`,
  )
}
