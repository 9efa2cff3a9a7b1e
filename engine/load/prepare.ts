// Everything about a model that is decided before its threads start: header, configuration, weights, plan.

import type { GgufFile } from '../gguf/file.ts'
import { readF32Tensor } from '../gguf/tensor-data.ts'
import { modelConfig } from '../model/config/config.ts'
import type { ModelConfig } from '../model/config/model-config.ts'
import { type RopeFrequencies, ropeDivisors, ropeFrequencies } from '../model/config/rope-frequencies.ts'
import type { ModelWeights } from '../model/memory/model-weights.ts'
import { type ModelPlan, type PlanOptions, planModel } from '../model/memory/plan.ts'
import { modelWeights } from '../model/memory/weights.ts'
import type { ForwardSource } from '../model/weights-forward.ts'
import { checkPair } from './vocabulary-pair.ts'

export interface PreparedModel {
  readonly file: GgufFile
  readonly config: ModelConfig
  readonly weights: ModelWeights
  readonly plan: ModelPlan
  /** For each rotation of the model. */
  readonly ropes: readonly RopeFrequencies[]
  /** Bytes of all tensors together, for progress. */
  readonly fileBytes: number
  /** What its lanes compute with; by default kernels over the file's weights. */
  readonly forward?: ForwardSource
}

/**
 * Prepares the model in `file` for `cores` usable cores. Reads nothing but the header and, where there is one, the
 * small tensor of rotary divisors. Throws a `TsinferError` for a model we cannot run.
 */
export function prepareModel(file: GgufFile, options: PlanOptions, cores: number): PreparedModel {
  const config = modelConfig(file)
  const weights = modelWeights(file, config)
  const plan = planModel(config, weights, options, cores)
  const divisors = ropeDivisors(weights, config.ropes[0]!, plan.sizes.contextLength)
  return {
    file,
    config,
    weights,
    plan,
    ropes: config.ropes.map((rope, index) =>
      ropeFrequencies(rope, index === 0 && divisors ? readF32Tensor(file, divisors) : undefined),
    ),
    fileBytes: [...file.tensors.values()].reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/** What the user may fix about a pair of models. */
interface PairOptions extends PlanOptions {
  /** Cores that only the draft model uses. */
  readonly draftThreads?: number | undefined
  readonly draftStages?: number | undefined
}

/** Lanes of a draft model that takes turns: more would meet more often than they compute. */
const DRAFT_LANES_MAX = 4

/**
 * Prepares a model and one that drafts for it, which share the cores. Unless the draft model is given cores of its own,
 * the target is planned for all of them, so that a text that cannot be guessed costs nothing. With a single stage the two
 * take turns on the same cores; with several, which all work at the same time, the draft model gets one lane beside
 * them. Throws like `prepareModel`, and where the vocabularies do not fit.
 */
export function preparePair(
  file: GgufFile,
  draftFile: GgufFile,
  options: PairOptions,
  cores: number,
): { prepared: PreparedModel; draft: PreparedModel } {
  const { draftThreads, draftStages, threads = cores } = options
  const threadsBeside = draftThreads === undefined ? 0 : Math.max(0, Math.min(draftThreads, threads - 1))
  const prepared = prepareModel(file, { ...options, threadsBeside }, cores)
  const { sizes, stages } = prepared.plan
  const takesTurns = stages.length === 1
  const draft = prepareModel(
    draftFile,
    {
      context: sizes.contextLength,
      threads: draftThreads ?? (takesTurns ? Math.min(threads, DRAFT_LANES_MAX) : 1),
      stages: draftStages,
      kvCells: options.kvCells,
      sequences: options.sequences,
      freeBytes: options.freeBytes,
      kvTypeK: options.kvTypeK,
      kvTypeV: options.kvTypeV,
    },
    cores,
  )
  checkPair(prepared, draft)
  const threadsOf = ({ plan }: PreparedModel) => plan.stages.length * plan.sizes.lanes
  const isCrowded = threadsOf(prepared) + threadsOf(draft) > threads
  return isCrowded ? { prepared: sharingCores(prepared), draft: sharingCores(draft) } : { prepared, draft }
}

/**
 * With more threads than cores, a thread without work parks at once and leaves its core to the other model. Lanes in the
 * middle of a step still spin for one another, where the plan lets them: they all have a core then.
 */
const sharingCores = (model: PreparedModel): PreparedModel => ({
  ...model,
  plan: { ...model.plan, sharesCores: true, spins: { ...model.plan.spins, stage: 0, conductor: 0 } },
})
