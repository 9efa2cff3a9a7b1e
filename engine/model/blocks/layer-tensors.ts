// The tensors of a layer: which role each plays and what shape it must have. Names and shapes follow llama.cpp's
// src/llama-arch.cpp and its loaders in src/models. Pure.
import type { LayerShape, ModelConfig } from '../config/model-config.ts'

/** Names in the engine for the matrices of a layer. */
export type MatrixRole =
  | 'q'
  | 'k'
  | 'v'
  | 'attentionOutput'
  | 'gate'
  | 'up'
  | 'down'
  | 'router'
  | 'expertGate'
  | 'expertUp'
  | 'expertDown'
  | 'sharedGate'
  | 'sharedUp'
  | 'sharedDown'
  | 'sharedRouter'

/** Names in the engine for the F32 vectors of a layer. */
export type VectorRole =
  | 'attentionNorm'
  | 'qBias'
  | 'kBias'
  | 'vBias'
  | 'qNorm'
  | 'kNorm'
  | 'attentionOutputBias'
  | 'attentionPostNorm'
  | 'ffnNorm'
  | 'gateBias'
  | 'upBias'
  | 'downBias'
  | 'ffnPostNorm'

export type LayerRole = MatrixRole | VectorRole

/** A dimension in a layer of a model. */
export type Size = (config: ModelConfig, layer: LayerShape) => number

/** A share of a tensor's outputs, all of them unless several roles are fused into one tensor. */
export interface TensorPart {
  readonly role: LayerRole
  readonly outputs: Size
}

/** One tensor of every layer: blk.N.NAME. */
export interface LayerTensor {
  readonly name: string
  /** Inputs of a matrix; undefined for a vector. */
  readonly inputs: Size | undefined
  /** One after the other along the outputs. */
  readonly parts: readonly TensorPart[]
  /** Matrices of this shape that follow one another, as a third dimension. */
  readonly slabs: Size | undefined
  readonly optional: boolean
}

const width: Size = (c) => c.width
const queryWidth: Size = (c, layer) => layer.heads * c.headDim
const kvWidth: Size = (c, layer) => layer.kvHeads * c.headDim
const headDim: Size = (c) => c.headDim
const ffnWidth: Size = (_, layer) => layer.ffnWidth
const expertCount: Size = (c) => c.experts!.count
const expertWidth: Size = (c) => c.experts!.ffnWidth
const sharedWidth: Size = (c) => c.experts!.sharedFfnWidth

type Part = readonly [role: LayerRole, outputs: Size]

const tensor = (name: string, inputs: Size | undefined, parts: readonly Part[], optional: boolean): LayerTensor => ({
  name,
  inputs,
  parts: parts.map(([role, outputs]) => ({ role, outputs })),
  slabs: undefined,
  optional,
})
const matrix = (role: MatrixRole, name: string, inputs: Size, outputs: Size) =>
  tensor(`${name}.weight`, inputs, [[role, outputs]], false)
const vector = (role: VectorRole, name: string, length: Size, optional = false) =>
  tensor(name, undefined, [[role, length]], optional)
const slabs = (role: MatrixRole, name: string, inputs: Size, outputs: Size): LayerTensor => ({
  ...matrix(role, name, inputs, outputs),
  slabs: expertCount,
})

/** Queries, keys and values, in one tensor or in three, and their biases where a model has some. */
export const QKV: readonly LayerTensor[] = [
  tensor(
    'attn_qkv.weight',
    width,
    [
      ['q', queryWidth],
      ['k', kvWidth],
      ['v', kvWidth],
    ],
    true,
  ),
  tensor(
    'attn_qkv.bias',
    undefined,
    [
      ['qBias', queryWidth],
      ['kBias', kvWidth],
      ['vBias', kvWidth],
    ],
    true,
  ),
  matrix('q', 'attn_q', width, queryWidth),
  matrix('k', 'attn_k', width, kvWidth),
  matrix('v', 'attn_v', width, kvWidth),
  vector('qBias', 'attn_q.bias', queryWidth, true),
  vector('kBias', 'attn_k.bias', kvWidth, true),
  vector('vBias', 'attn_v.bias', kvWidth, true),
]

export const ATTENTION_OUTPUT: readonly LayerTensor[] = [
  matrix('attentionOutput', 'attn_output', queryWidth, width),
  vector('attentionOutputBias', 'attn_output.bias', width, true),
]

/** Norms before attention and FFN. */
export const PRE_NORMS: readonly LayerTensor[] = [
  vector('attentionNorm', 'attn_norm.weight', width),
  vector('ffnNorm', 'ffn_norm.weight', width),
]

/** Norms of what attention and FFN add to the residual stream. */
export const POST_NORMS: readonly LayerTensor[] = [
  vector('attentionPostNorm', 'post_attention_norm.weight', width),
  vector('ffnPostNorm', 'post_ffw_norm.weight', width),
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

export const GATED_FFN: readonly LayerTensor[] = [
  matrix('gate', 'ffn_gate', width, ffnWidth),
  matrix('up', 'ffn_up', width, ffnWidth),
  matrix('down', 'ffn_down', ffnWidth, width),
  vector('gateBias', 'ffn_gate.bias', ffnWidth, true),
  vector('upBias', 'ffn_up.bias', ffnWidth, true),
  vector('downBias', 'ffn_down.bias', width, true),
]

/** Gate and up in one tensor that is named after the second. */
export const FUSED_FFN: readonly LayerTensor[] = [
  tensor(
    'ffn_up.weight',
    width,
    [
      ['gate', ffnWidth],
      ['up', ffnWidth],
    ],
    false,
  ),
  matrix('down', 'ffn_down', ffnWidth, width),
]

export const EXPERTS: readonly LayerTensor[] = [
  matrix('router', 'ffn_gate_inp', width, expertCount),
  slabs('expertGate', 'ffn_gate_exps', width, expertWidth),
  slabs('expertUp', 'ffn_up_exps', width, expertWidth),
  slabs('expertDown', 'ffn_down_exps', expertWidth, width),
]

/** An FFN that every token takes beside its experts, with a gate of one output. */
export const SHARED_EXPERT: readonly LayerTensor[] = [
  matrix('sharedRouter', 'ffn_gate_inp_shexp', width, () => 1),
  matrix('sharedGate', 'ffn_gate_shexp', width, sharedWidth),
  matrix('sharedUp', 'ffn_up_shexp', width, sharedWidth),
  matrix('sharedDown', 'ffn_down_shexp', sharedWidth, width),
]
