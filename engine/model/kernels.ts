// The typed mirror of kernels-as/index.ts and the only file that touches WebAssembly: a kernel is a free function
// over byte addresses of one stage memory; the caller owns all memory. Addresses are byte offsets below 2^32; out
// pointer first, then inputs, counts, strides (bytes), scalars. What a kernel computes is said at its source.
import { TsinferError } from '../errors.ts'
import { MEMORY_BYTES_MAX, PAGE_BYTES } from '../limits.ts'

/** The little of the WebAssembly JavaScript API that is used; Node's types do not declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => KernelModule
  readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: Kernels }
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => StageMemory
  validate(bytes: Uint8Array): boolean
}

declare const compiled: unique symbol
/** Compiled kernels: opaque, can be posted to other threads. */
export interface KernelModule {
  readonly [compiled]: true
}
/** The one shared memory of a stage; can be posted to other threads. */
export interface StageMemory {
  readonly buffer: SharedArrayBuffer
}

/** `rows` file rows -> groups of 8 interleaved rows. */
export type RepackKernel = (out: number, input: number, rows: number, k: number) => void
/** out[i][8g .. 8g+7] = W[8g .. 8g+7] . x[i] for groupBegin <= g < groupEnd and i < n. */
export type MatmulKernel = (
  out: number,
  w: number,
  x: number,
  outStride: number,
  xStride: number,
  groupBegin: number,
  groupEnd: number,
  k: number,
  n: number,
  scratch: number,
) => void
/** Row `row` of a repacked matrix, dequantized to f32[k]. */
export type EmbedRowKernel = (out: number, w: number, row: number, k: number) => void
/** `rows` rows of `k` elements in file layout -> f32[k][rows]. `codebook`: address of the type's vectors. */
export type DequantizeKernel = (out: number, w: number, rows: number, k: number, codebook: number) => void
/** Writes `n` floats into KV cells; 1 when the cells cannot hold one of them, else 0. */
export type StoreKernel = (out: number, x: number, n: number) => number
/** out = f(gate) * up for `n` floats. */
export type GatingKernel = (out: number, gate: number, up: number, n: number) => void
/** Attention of one row over positions first .. end - 1 of one KV head: results by chunk, for `merge_attention`. */
export type AttentionKernel = (
  states: number,
  q: number,
  kCells: number,
  vCells: number,
  table: number,
  ancestors: number,
  committed: number,
  first: number,
  end: number,
  kType: number,
  vType: number,
  heads: number,
  headDim: number,
  scale: number,
  softcap: number,
  scratch: number,
) => void

/** Every export of the kernel module; a test compares the names with the module's. */
export interface Kernels {
  readonly add: (out: number, x: number, n: number) => void
  readonly add_scaled: (out: number, x: number, n: number, factor: number) => void
  readonly attention: AttentionKernel
  readonly choose_experts: (
    ids: number,
    weights: number,
    scores: number,
    count: number,
    used: number,
    normalized: number,
  ) => void
  readonly dequantize_iq1_m: DequantizeKernel
  readonly dequantize_iq1_s: DequantizeKernel
  readonly dequantize_iq2_s: DequantizeKernel
  readonly dequantize_iq2_xs: DequantizeKernel
  readonly dequantize_iq2_xxs: DequantizeKernel
  readonly dequantize_iq3_s: DequantizeKernel
  readonly dequantize_iq3_xxs: DequantizeKernel
  readonly dequantize_nvfp4: DequantizeKernel
  readonly dequantize_q1_0: DequantizeKernel
  readonly dequantize_q2_0: DequantizeKernel
  readonly dequantize_tq1_0: DequantizeKernel
  readonly dequantize_tq2_0: DequantizeKernel
  readonly embed_row_bf16: EmbedRowKernel
  readonly embed_row_f16: EmbedRowKernel
  readonly embed_row_f32: EmbedRowKernel
  readonly embed_row_iq4_nl: EmbedRowKernel
  readonly embed_row_iq4_xs: EmbedRowKernel
  readonly embed_row_mxfp4: EmbedRowKernel
  readonly embed_row_q2_k: EmbedRowKernel
  readonly embed_row_q3_k: EmbedRowKernel
  readonly embed_row_q4_0: EmbedRowKernel
  readonly embed_row_q4_1: EmbedRowKernel
  readonly embed_row_q4_k: EmbedRowKernel
  readonly embed_row_q5_0: EmbedRowKernel
  readonly embed_row_q5_1: EmbedRowKernel
  readonly embed_row_q5_k: EmbedRowKernel
  readonly embed_row_q6_k: EmbedRowKernel
  readonly embed_row_q8_0: EmbedRowKernel
  readonly geglu: GatingKernel
  readonly head_scan: (outIds: number, outLogits: number, logits: number, n: number, count: number) => number
  readonly logsumexp: (logits: number, n: number) => number
  readonly matmul_bf16: MatmulKernel
  readonly matmul_f16: MatmulKernel
  readonly matmul_f32: MatmulKernel
  readonly matmul_iq4_nl: MatmulKernel
  readonly matmul_iq4_xs: MatmulKernel
  readonly matmul_mxfp4: MatmulKernel
  readonly matmul_q2_k: MatmulKernel
  readonly matmul_q3_k: MatmulKernel
  readonly matmul_q4_0: MatmulKernel
  readonly matmul_q4_1: MatmulKernel
  readonly matmul_q4_k: MatmulKernel
  readonly matmul_q5_0: MatmulKernel
  readonly matmul_q5_1: MatmulKernel
  readonly matmul_q5_k: MatmulKernel
  readonly matmul_q6_k: MatmulKernel
  readonly matmul_q8_0: MatmulKernel
  readonly merge_attention: (out: number, states: number, chunks: number, heads: number, headDim: number) => void
  readonly quantize_q8: (out: number, x: number, n: number, second: number) => void
  readonly read_sum: (at: number, bytes: number, strands: number) => number
  readonly repack_bf16: RepackKernel
  readonly repack_f16: RepackKernel
  readonly repack_f32: RepackKernel
  readonly repack_iq4_nl: RepackKernel
  readonly repack_iq4_xs: RepackKernel
  readonly repack_mxfp4: RepackKernel
  readonly repack_q2_k: RepackKernel
  readonly repack_q3_k: RepackKernel
  readonly repack_q4_0: RepackKernel
  readonly repack_q4_1: RepackKernel
  readonly repack_q4_k: RepackKernel
  readonly repack_q5_0: RepackKernel
  readonly repack_q5_1: RepackKernel
  readonly repack_q5_k: RepackKernel
  readonly repack_q6_k: RepackKernel
  readonly repack_q8_0: RepackKernel
  readonly rmsnorm: (
    out: number,
    x: number,
    weight: number,
    k: number,
    n: number,
    outStride: number,
    xStride: number,
    eps: number,
  ) => void
  readonly rope: (x: number, table: number, heads: number, headDim: number, rotaryDim: number, neox: number) => void
  readonly rope_table: (out: number, freqs: number, half: number, position: number, mscale: number) => void
  readonly scale: (x: number, n: number, factor: number) => void
  readonly sigmoid: (x: number) => number
  readonly softcap: (x: number, n: number, cap: number) => void
  readonly store_f16: StoreKernel
  readonly store_f32: StoreKernel
  readonly store_q8_0: StoreKernel
  readonly swiglu: GatingKernel
}

/** Whether this engine can compile a build, given its bytes. */
export const canCompile = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes)

/** Compiles one of dist/kernels-as/*.wasm. */
export function compileKernels(bytes: Uint8Array): KernelModule {
  return new WebAssembly.Module(bytes)
}

/** Binds compiled kernels to a stage's memory. */
export function instantiateKernels(module: KernelModule, memory: StageMemory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports
}

/**
 * A shared memory of the whole pages that hold `bytes`; it cannot grow.
 * @throws TsinferError `out_of_memory` when that is more than a memory can have or the system will give.
 */
export function createStageMemory(bytes: number): StageMemory {
  if (bytes > MEMORY_BYTES_MAX) {
    throw new TsinferError('out_of_memory', `a stage needs ${bytes} bytes, a memory holds ${MEMORY_BYTES_MAX} at most`)
  }
  const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES))
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  } catch (cause) {
    throw new TsinferError('out_of_memory', `cannot allocate ${pages * PAGE_BYTES} bytes for a stage`, { cause })
  }
}
