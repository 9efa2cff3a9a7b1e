// What distinguishes one model architecture from another, as data: a new architecture of the same family is a new row.
// Tensor names and shapes follow llama.cpp's src/llama-arch.cpp. Pure.
import type { ModelConfig } from './config.ts'

/** Which elements of a head are rotated together: 0 and 1, 2 and 3, ... or 0 and n/2, 1 and n/2 + 1, ... */
export type RopeStyle = 'adjacent' | 'halves'

/** Names in the engine for the tensors of a layer. */
export type LayerRole =
  | 'attentionNorm'
  | 'q'
  | 'k'
  | 'v'
  | 'qBias'
  | 'kBias'
  | 'vBias'
  | 'attentionOutput'
  | 'ffnNorm'
  | 'gate'
  | 'up'
  | 'down'

/** One tensor of every layer: blk.N.NAME. */
export interface LayerTensor {
  readonly role: LayerRole
  readonly name: string
  /** Expected shape in ggml's order: inputs first, then outputs. One dimension: F32 values; two: a weight matrix. */
  readonly dims: (config: ModelConfig) => readonly number[]
  readonly optional: boolean
}

export interface Architecture {
  /** As in general.architecture, and the prefix of the architecture's metadata keys. */
  readonly name: string
  readonly ropeStyle: RopeStyle
  readonly layerTensors: readonly LayerTensor[]
}

const queryWidth = (config: ModelConfig) => config.heads * config.headDim
const kvWidth = (config: ModelConfig) => config.kvHeads * config.headDim

function tensor(role: LayerRole, name: string, dims: LayerTensor['dims'], optional = false): LayerTensor {
  return { role, name, dims, optional }
}

const LLAMA: Architecture = {
  name: 'llama',
  ropeStyle: 'adjacent',
  layerTensors: [
    tensor('attentionNorm', 'attn_norm.weight', (c) => [c.width]),
    tensor('q', 'attn_q.weight', (c) => [c.width, queryWidth(c)]),
    tensor('k', 'attn_k.weight', (c) => [c.width, kvWidth(c)]),
    tensor('v', 'attn_v.weight', (c) => [c.width, kvWidth(c)]),
    tensor('qBias', 'attn_q.bias', (c) => [queryWidth(c)], true),
    tensor('kBias', 'attn_k.bias', (c) => [kvWidth(c)], true),
    tensor('vBias', 'attn_v.bias', (c) => [kvWidth(c)], true),
    tensor('attentionOutput', 'attn_output.weight', (c) => [queryWidth(c), c.width]),
    tensor('ffnNorm', 'ffn_norm.weight', (c) => [c.width]),
    tensor('gate', 'ffn_gate.weight', (c) => [c.width, c.ffnWidth]),
    tensor('up', 'ffn_up.weight', (c) => [c.width, c.ffnWidth]),
    tensor('down', 'ffn_down.weight', (c) => [c.ffnWidth, c.width]),
  ],
}

export const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([[LLAMA.name, LLAMA]])
