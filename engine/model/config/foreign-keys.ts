// Keys that change what a model computes in a way that is not computed here: such a model is refused by the key's name,
// because a text without the change would be silently wrong. Which keys they are is what llama.cpp reads for our
// architectures (src/llama-model.cpp); what it ignores is ignored here too. Pure.

import { TsinferError } from '../../errors.ts'
import { findBoolean, findInteger, type Metadata } from '../../gguf/metadata.ts'
import type { Architecture } from '../architectures/architecture.ts'
import type { LayerKinds } from './layer-kinds.ts'
import type { RopeConfig } from './model-config.ts'

/** @throws TsinferError `architecture_unsupported` naming the key, what would be computed, and what the file says */
export function refuseForeignKeys(
  metadata: Metadata,
  { name, hasMultipliers }: Architecture,
  headDim: number,
  { dimensionCount }: Pick<RopeConfig, 'dimensionCount'>,
  { layers }: Pick<LayerKinds, 'layers'>,
): void {
  const integer = (part: string, most: number, least: number) => {
    const found = findInteger(metadata, `${name}.${part}`)
    if (found === undefined || (found >= least && found <= most)) return
    throw foreign(`${name}.${part}`, least === most ? `${most}` : `at most ${most}`, found)
  }
  const flag = (part: string) => {
    if (findBoolean(metadata, `${name}.${part}`) === false) throw foreign(`${name}.${part}`, 'true', false)
  }
  // Every row sees the rows before it only.
  flag('attention.causal')
  // Here the flag means whether positions are rotated at all.
  if (hasMultipliers) flag('rope.scaling.finetuned')
  // Experts chosen by group; layers at the end that guess further tokens.
  integer('expert_group_count', 1, 0)
  integer('nextn_predict_layers', 0, 0)
  if (layers.every(({ window }) => window === undefined)) return
  // Layers with a window whose heads are of another size.
  integer('attention.key_length_swa', headDim, headDim)
  integer('attention.value_length_swa', headDim, headDim)
  integer('rope.dimension_count_swa', dimensionCount, dimensionCount)
}

function foreign(key: string, expected: string, found: number | boolean): TsinferError {
  return new TsinferError('architecture_unsupported', `metadata ${key}: expected ${expected}, found ${found}`)
}
