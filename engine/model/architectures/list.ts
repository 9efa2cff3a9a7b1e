// The architectures there are. One more is a file that composes blocks, and a line here. Pure.
import type { Block } from '../blocks/block.ts'
import type { LayerTensor } from '../blocks/layer-tensor.ts'
import type { ModelConfig } from '../config/model-config.ts'
import type { Architecture } from './architecture.ts'
import { GEMMA2 } from './gemma2.ts'
import { GEMMA3 } from './gemma3.ts'
import { GRANITE } from './granite.ts'
import { LLAMA } from './llama.ts'
import { OLMO2 } from './olmo2.ts'
import { PHI3 } from './phi3.ts'
import { QWEN2 } from './qwen2.ts'
import { QWEN2MOE } from './qwen2moe.ts'
import { QWEN3 } from './qwen3.ts'
import { QWEN3MOE } from './qwen3moe.ts'

const LIST: readonly Architecture[] = [LLAMA, QWEN2, QWEN2MOE, QWEN3, QWEN3MOE, PHI3, GRANITE, OLMO2, GEMMA2, GEMMA3]

/** By what general.architecture says. */
export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map(LIST.map((row) => [row.name, row]))

/** What a layer of the model is made of. */
export const layerBlocks = (config: Pick<ModelConfig, 'architecture' | 'experts'>, layer: number): readonly Block[] =>
  ARCHITECTURES.get(config.architecture)!.layer(config, layer)

/** The tensors of a layer, block after block. */
export const layerTensors = (config: Pick<ModelConfig, 'architecture' | 'experts'>, layer: number): LayerTensor[] =>
  layerBlocks(config, layer).flatMap(({ tensors }) => tensors)
