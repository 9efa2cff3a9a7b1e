// Small models of every architecture, with random weights and the special features of the architecture in use: what
// the engine is compared on with llama.cpp.
import type { ScalarType, ScalarValue } from '../../engine/gguf/metadata.ts'

export interface Recipe {
  readonly architecture: string
  /** Keys of the architecture beyond those all models have, or in their place. */
  readonly keys?: Readonly<Record<string, readonly [ScalarType, ScalarValue | readonly ScalarValue[]]>>
  /** Optional tensors to write, by what their names end in. */
  readonly optional?: readonly string[]
  /** Tensors that hold a divisor per rotated pair. */
  readonly divisors?: readonly string[]
  /** Matrices with a factor on their products, by what their names end in. */
  readonly scales?: readonly string[]
  /** The head is the embedding. */
  readonly isTied?: true
  /** Deviation of the embedding's elements, default 1. A tied head repeats a token whose embedding outweighs the blocks. */
  readonly embeddingDeviation?: number
}

/** The recipe with further keys. */
export const withKeys = (recipe: Recipe, keys: NonNullable<Recipe['keys']>): Recipe => ({
  ...recipe,
  keys: { ...recipe.keys, ...keys },
})

const SEPARATE_QKV = ['attn_q.weight', 'attn_k.weight', 'attn_v.weight']
const QKV_BIASES = ['attn_q.bias', 'attn_k.bias', 'attn_v.bias']

/** What is said of a recipe beside its name, which begins with the architecture's. */
const FEATURES: Readonly<Record<string, Omit<Recipe, 'architecture'>>> = {
  qwen2: {
    optional: [...SEPARATE_QKV, ...QKV_BIASES],
    keys: { 'rope.freq_base': ['f32', 1e6] },
  },
  'qwen2-yarn': {
    optional: [...SEPARATE_QKV, ...QKV_BIASES],
    keys: {
      'rope.scaling.type': ['string', 'yarn'],
      'rope.scaling.factor': ['f32', 4],
      'rope.scaling.original_context_length': ['u32', 64],
    },
  },
  // A head longer than the width over the number of heads.
  qwen3: {
    keys: { 'attention.key_length': ['u32', 128], 'attention.value_length': ['u32', 128] },
  },
  // Fused tensors, partly rotated heads; divisors for contexts beyond 64 positions, and below.
  phi3: {
    optional: ['attn_qkv.weight'],
    divisors: ['rope_factors_long.weight', 'rope_factors_short.weight'],
    keys: {
      'rope.dimension_count': ['u32', 48],
      'rope.scaling.original_context_length': ['u32', 64],
      'rope.scaling.attn_factor': ['f32', 1.19],
      'attention.sliding_window': ['u32', 12],
    },
  },
  'phi3-short': {
    optional: ['attn_qkv.weight', 'attn_qkv.bias'],
    divisors: ['rope_factors_long.weight', 'rope_factors_short.weight'],
    keys: { 'rope.scaling.original_context_length': ['u32', 4096] },
  },
  granite: {
    isTied: true,
    embeddingDeviation: 1 / 48,
    keys: {
      embedding_scale: ['f32', 12],
      residual_scale: ['f32', 0.6],
      logit_scale: ['f32', 1.5],
      'attention.scale': ['f32', 0.1],
    },
  },
  olmo2: {},
  'olmo2-window': {
    keys: {
      'attention.sliding_window': ['u32', 12],
      'attention.sliding_window_pattern': ['u32', 2],
      'rope.scaling.type': ['string', 'yarn'],
      'rope.scaling.factor': ['f32', 8],
      'rope.scaling.original_context_length': ['u32', 64],
    },
  },
  // As OLMo 3 has it: a factor on the rotated values of the layers without a window.
  'olmo2-factor': {
    keys: {
      block_count: ['u32', 4],
      'attention.sliding_window': ['u32', 12],
      'rope.scaling.type': ['string', 'yarn'],
      'rope.scaling.factor': ['f32', 8],
      'rope.scaling.attn_factor': ['f32', 1.2079442],
      'rope.scaling.original_context_length': ['u32', 64],
    },
  },
  gemma2: {
    isTied: true,
    embeddingDeviation: 1 / 64,
    keys: {
      block_count: ['u32', 4],
      'attention.head_count_kv': ['u32', 1],
      'attention.sliding_window': ['u32', 12],
      attn_logit_softcapping: ['f32', 3],
      final_logit_softcapping: ['f32', 10],
    },
  },
  gemma3: {
    isTied: true,
    embeddingDeviation: 1 / 64,
    keys: {
      block_count: ['u32', 7],
      feed_forward_length: ['u32', 256],
      'attention.sliding_window': ['u32', 12],
      'rope.freq_base': ['f32', 1e6],
      'rope.scaling.type': ['string', 'linear'],
      'rope.scaling.factor': ['f32', 8],
    },
  },
  // Biases of every kind, as models with attention_bias and mlp_bias have.
  'llama-biases': {
    optional: [...SEPARATE_QKV, ...QKV_BIASES, 'attn_output.bias', 'ffn_gate.bias', 'ffn_up.bias', 'ffn_down.bias'],
  },
  // Factors on products, as files of NVFP4 weights have them.
  'llama-scales': {
    optional: [...SEPARATE_QKV, ...QKV_BIASES],
    scales: [...SEPARATE_QKV, 'attn_output.weight', 'ffn_gate.weight', 'ffn_up.weight', 'ffn_down.weight'],
  },
  'llama-experts': {
    keys: {
      block_count: ['u32', 2],
      expert_count: ['u32', 4],
      expert_used_count: ['u32', 2],
      feed_forward_length: ['u32', 256],
    },
  },
  qwen2moe: {
    optional: [...SEPARATE_QKV, ...QKV_BIASES],
    keys: {
      block_count: ['u32', 2],
      expert_count: ['u32', 6],
      expert_used_count: ['u32', 2],
      expert_feed_forward_length: ['u32', 256],
      expert_shared_feed_forward_length: ['u32', 512],
    },
  },
  'qwen3moe-scales': {
    scales: ['attn_k.weight', 'ffn_gate_exps.weight', 'ffn_up_exps.weight', 'ffn_down_exps.weight'],
    keys: {
      block_count: ['u32', 2],
      expert_count: ['u32', 4],
      expert_used_count: ['u32', 2],
      expert_feed_forward_length: ['u32', 256],
    },
  },
  qwen3moe: {
    keys: {
      block_count: ['u32', 2],
      expert_count: ['u32', 8],
      expert_used_count: ['u32', 2],
      expert_feed_forward_length: ['u32', 128],
      'attention.key_length': ['u32', 32],
      'attention.value_length': ['u32', 32],
    },
  },
}

export const RECIPES: Readonly<Record<string, Recipe>> = Object.fromEntries(
  Object.entries(FEATURES).map(([name, features]) => {
    return [name, { architecture: name.split('-')[0]!, optional: SEPARATE_QKV, ...features }]
  }),
)

/** Layers of different widths: arrays with a number for each. llama.cpp gives all layers the widths of the first. */
export const WIDTHS_RECIPE: Recipe = {
  architecture: 'llama',
  optional: SEPARATE_QKV,
  keys: {
    'attention.key_length': ['u32', 32],
    'attention.value_length': ['u32', 32],
    'attention.head_count': ['u32', [8, 4, 6]],
    'attention.head_count_kv': ['u32', [2, 4, 1]],
    feed_forward_length: ['u32', [512, 256, 768]],
  },
}
