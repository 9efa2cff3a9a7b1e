// The metadata keys that llama.cpp knows for any architecture (its src/llama-arch.cpp, release v0.5.0), and what each is set
// to in turn: a value that shows where it is read. Pure.
import type { ScalarType, ScalarValue } from '../../../engine/gguf/metadata.ts'
import type { MetadataItem } from '../../forge/gguf-writer.ts'

/** A key of an architecture, without the architecture's name, set to a value or to an array. */
export interface KeyChange {
  readonly key: string
  readonly type: ScalarType
  readonly value: ScalarValue | readonly ScalarValue[]
}

/** How a change is called in what is recorded. */
export const changeName = ({ key, value }: KeyChange): string => `${key} = ${JSON.stringify(value)}`

/** The change as a file of `architecture` says it. */
export const changeItem = ({ key, type, value }: KeyChange, architecture: string): MetadataItem => ({
  key: `${architecture}.${key}`,
  type,
  value,
})

/** Counts, sizes and kinds as numbers. */
const INTEGERS = `
  adapters.count=1 adapters.lora_rank=4 attention.gate_lora_rank=4 attention.group_norm_groups=2
  attention.head_count=2,8 attention.head_count_kv=1,3,4 attention.indexer.block_size=2 attention.indexer.head_count=2
  attention.indexer.key_length=8 attention.indexer.local_blocks=1 attention.indexer.top_k=2
  attention.decay_lora_rank=4 attention.iclr_lora_rank=4 attention.key_length=16,48 attention.key_length_mla=16
  attention.key_length_mla_swa=16 attention.key_length_swa=16 attention.kv_lora_rank=16 attention.kv_lora_rank_swa=16
  attention.output_group_count=2 attention.output_lora_rank=4 attention.q_lora_rank=16
  attention.relative_buckets_count=8 attention.rope_pattern=2 attention.shared_kv_layers=1
  attention.sliding_window=0,7 attention.sliding_window_pattern=0,1,2,3 attention.temperature_length=8
  attention.value_length=16,48 attention.value_length_mla=16 attention.value_length_mla_swa=16
  attention.value_length_swa=16 attention.value_residual_mix_lora_rank=4 attn_res.block_size=2 block_count=1,2
  block_size=8 context_length=64,1024 conv_group_size=2 conv_kernel_size=3 convnext.block_count=1
  convnext.embedding_length=64 decoder_block_count=1 decoder_start_token_id=5 dense_2_feat_in=64 dense_2_feat_out=64
  dense_3_feat_in=64 dense_3_feat_out=64 embedding_length=128 embedding_length_out=128
  embedding_length_per_layer_input=32 expert_chunk_feed_forward_length=64 expert_count=0,2
  expert_feed_forward_length=64 expert_gating_func=1,2 expert_group_count=1,2 expert_group_used_count=1
  expert_latent_length=64 expert_shared_count=1 expert_shared_feed_forward_length=64 expert_used_count=1,3
  experts_per_group=2 features_length=64 feed_forward_length=128 full_attention_interval=2 hash_layer_count=1
  hrm.h_cycles=2 hrm.l_cycles=2 hrm.layers_per_stack=1 hyper_connection.count=2 hyper_connection.low_rank=4
  hyper_connection.sinkhorn_iterations=2 interleave_moe_layer_step=2 kda.head_dim=16 leading_dense_block_count=1
  moe_every_n_layers=2 moe_latent_size=64 n_deepstack_layers=1 nextn_predict_layers=0,1 num_loops=2 ple.conv_kernel=2
  ple.eos_token_id=2 ple.heads_per_ngram=2 ple.image_token_id=2 ple.layers=1 ple.ngram_size=2 pooling_type=0,1,4
  posnet.block_count=1 posnet.embedding_length=64 rescale_every_n_layers=2 rope.dimension_count=16
  rope.dimension_count_swa=16 rope.scaling.original_context_length=16 selector_rank=2 selector_top_k=2
  shortconv.l_cache=3 ssm.conv_kernel=4 ssm.group_count=1 ssm.inner_size=64 ssm.state_size=16 ssm.time_step_rank=4
  target_hidden_size=64 time_decay_extra_dim=8 time_mix_extra_dim=8 token_shift_count=2 vocab_size=100
  wkv.head_size=16`

const FLOATS = `
  activation.situ_beta=0.7 activation.situ_linear_beta=0.7 adapters.router_gain=0.7 attention.clamp_kqv=0.3
  attention.compress_rope_freq_base=700 attention.group_norm_epsilon=0.1 attention.layer_norm_epsilon=0.1
  attention.layer_norm_rms_epsilon=0.1 attention.max_alibi_bias=8 attention.output_scale=0.3 attention.scale=0.3,0
  attention.temperature_scale=0.3 attention.value_scale=0.3 attn_logit_softcapping=0.7 embedding_scale=0.3,0
  expert_group_scale=0.3 expert_weights_scale=0,0.3 final_logit_softcapping=0.7 hyper_connection.epsilon=0.1
  hyper_connection.magnitude=0.3 kda.gate_lower_bound=0.3 logit_scale=0.3,2 residual_scale=0.3,0 rope.freq_base=700
  rope.freq_base_swa=700 rope.scale_linear=3 rope.scaling.alpha=30 rope.scaling.attn_factor=1.4
  rope.scaling.factor=0,3 rope.scaling.yarn_attn_factor=1.4 rope.scaling.yarn_beta_fast=4
  rope.scaling.yarn_beta_slow=3 rope.scaling.yarn_ext_factor=0,0.5 rope.scaling.yarn_log_multiplier=0.4
  router_logit_softcapping=0.7 swiglu_clamp_exp=0.1 swiglu_clamp_shexp=0.1`

const FLAGS = `
  attention.causal=false,true expert_weights_norm=false,true hrm.prefix_lm=false,true kda.safe_gate=false,true
  norm_before_fc=false,true norm_before_residual=false,true rope.scaling.finetuned=false,true
  skip_loop_final_norm=false,true ssm.dt_b_c_rms=false,true swin_norm=false,true use_parallel_residual=false,true`

const WORDS = `
  hidden_activation=gelu,relu rope.scaling.type=none,linear,yarn,longrope tensor_data_layout=reference`

/** A number for each layer, or for each of some other things. */
const ARRAYS: Readonly<Record<string, readonly [ScalarType, (layers: number) => readonly ScalarValue[]]>> = {
  'adapters.token_ids_activate': ['i32', () => [3, 4]],
  'adapters.token_ids_substitute': ['i32', () => [3, 4]],
  'attention.compress_ratios': ['u32', (layers) => new Array(layers).fill(2)],
  'attention.head_count': ['u32', (layers) => Array.from({ length: layers }, (_, layer) => 4 - (layer % 2) * 2)],
  'attention.head_count_kv': ['u32', (layers) => Array.from({ length: layers }, (_, layer) => 1 + (layer % 2))],
  'attention.indexer.types': ['u32', (layers) => new Array(layers).fill(1)],
  'attention.recurrent_layers': ['bool', (layers) => new Array(layers).fill(true)],
  'attention.sliding_window_pattern': [
    'bool',
    (layers) => Array.from({ length: layers }, (_, layer) => layer % 2 === 1),
  ],
  'classifier.output_labels': ['string', () => ['no', 'yes']],
  deepstack_mapping: ['i32', (layers) => new Array(layers).fill(-1)],
  feed_forward_length: ['u32', (layers) => Array.from({ length: layers }, (_, layer) => 128 * (1 + (layer % 2)))],
  'ple.head_offsets': ['u32', () => [0, 1]],
  'ple.head_vocab_sizes': ['u32', () => [2, 2]],
  'ple.layer_multipliers': ['f32', (layers) => new Array(layers).fill(0.3)],
  'rope.dimension_sections': ['i32', () => [8, 4, 4, 0]],
  swiglu_clamp_exp: ['f32', (layers) => new Array(layers).fill(0.1)],
  swiglu_clamp_shexp: ['f32', (layers) => new Array(layers).fill(0.1)],
  target_layers: ['u32', () => [0, 1]],
}

/** The changes of a list: keys, each with the values it is set to in turn. */
function listed(type: ScalarType, list: string, read: (word: string) => ScalarValue): KeyChange[] {
  return list
    .trim()
    .split(/\s+/)
    .flatMap((item) => {
      const [key = '', values = ''] = item.split('=')
      return values.split(',').map((value): KeyChange => ({ key, type, value: read(value) }))
    })
}

/** All changes, for a model of so many layers. */
export const keyChanges = (layers: number): KeyChange[] => [
  ...listed('u32', INTEGERS, Number),
  ...listed('f32', FLOATS, Number),
  ...listed('bool', FLAGS, (word) => word === 'true'),
  ...listed('string', WORDS, String),
  ...Object.entries(ARRAYS).map(([key, [type, items]]): KeyChange => ({ key, type, value: items(layers) })),
]
