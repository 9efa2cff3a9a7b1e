// Everything about a model that is decided before its threads start: header, configuration, weights, plan.
import type { GgufFile } from './gguf/file.ts'
import { readF32Tensor } from './gguf/tensor-data.ts'
import { type ModelConfig, modelConfig } from './model/config.ts'
import { type ModelPlan, type PlanOptions, planModel } from './model/plan.ts'
import { type RopeFrequencies, ropeDivisors, ropeFrequencies } from './model/rope-frequencies.ts'
import { type ModelWeights, modelWeights } from './model/weights.ts'
import type { ForwardSource } from './model/weights-forward.ts'

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
