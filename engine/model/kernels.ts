// The typed mirror of what the files of kernels-as/ export and the only file that touches WebAssembly: a kernel is a free function
// over byte addresses of one stage memory; the caller owns all memory. Addresses are byte offsets below 2^32; out
// pointer first, then inputs, counts, strides (bytes), scalars. What a kernel computes is said at its source.
import { SIZES } from '../../kernels-as/sizes.js'
import { TsinferError } from '../errors.ts'
import {
  COMPUTABLE_TYPES,
  type ComputableType,
  type FloatType,
  type GenericType,
  ggmlType,
  type KernelType,
} from '../gguf/ggml-types.ts'
import { MEMORY_BYTES_MAX, PAGE_BYTES } from '../limits.ts'

/** The little of the WebAssembly JavaScript API that is used; Node's types do not declare it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => KernelModule
  readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: ModuleExports }
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => StageMemory
  validate(bytes: Uint8Array): boolean
}

type ModuleExports = Kernels & { readonly [Name in keyof KernelSizes]: { readonly value: number } }

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
/** Attention of several rows over positions first .. end - 1 of one chunk of one KV head, for `merge_attention`. */
export type AttentionKernel = (
  states: number,
  q: number,
  readers: number,
  count: number,
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

/** The kernels of kernels-as/ops/. */
export interface Operations {
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
  readonly geglu: GatingKernel
  readonly head_scan: (outIds: number, outLogits: number, logits: number, n: number, count: number) => number
  readonly logsumexp: (logits: number, n: number) => number
  readonly merge_attention: (out: number, states: number, chunks: number, heads: number, headDim: number) => void
  readonly quantize_q8: (out: number, x: number, n: number, second: number) => void
  readonly read_sum: (at: number, bytes: number, strands: number) => number
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

/** The kernels of kernels-as/types/: their names follow from the type's. */
type WeightKernels = { readonly [Name in `repack_${Lowercase<KernelType>}`]: RepackKernel } & {
  readonly [Name in `matmul_${Lowercase<KernelType>}`]: MatmulKernel
} & { readonly [Name in `embed_row_${Lowercase<KernelType>}`]: EmbedRowKernel } & {
  readonly [Name in `dequantize_${Lowercase<GenericType>}`]: DequantizeKernel
}

/** Every kernel of the module; a test compares the names with the module's. */
export interface Kernels extends Operations, WeightKernels {}

/** Every number that the module exports: what memory is planned with. */
export type KernelSizes = {
  readonly [Name in
    | 'attention_chunk'
    | 'attention_queries_at'
    | 'reader_bytes'
    | 'span_groups'
    | 'group_state_bytes'
    | 'q8_half_bytes'
    | 'head_bytes'
    | 'short_row_elements']: number
} & {
  /** Bytes of a block in the file. */
  readonly [Name in `file_bytes_${Lowercase<ComputableType>}`]: number
} & {
  /** Bytes of the same block of eight rows, repacked. */
  readonly [Name in `packed_bytes_${Lowercase<Exclude<KernelType, FloatType>>}`]: number
} & {
  /** Bytes of a column of eight floats. */
  readonly [Name in `column_bytes_${Lowercase<FloatType>}`]: number
} & {
  /** 1 where groups begin with a head of factors of their rows, see kernels-as/inline/row-factors.ts. */
  readonly [Name in `row_factors_${Lowercase<KernelType>}`]: number
}

/** Whether this engine can compile a build, given its bytes. */
export const canCompile = (bytes: Uint8Array): boolean => WebAssembly.validate(bytes)

/** Compiles one of dist/kernels-as/*.wasm. */
export function compileKernels(bytes: Uint8Array): KernelModule {
  return new WebAssembly.Module(bytes)
}

/** Binds compiled kernels to a stage's memory. */
export function instantiateKernels(module: KernelModule, memory: StageMemory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const expected = COMPUTABLE_TYPES.map((type) => [fileBytesName(type), ggmlType(type).blockBytes] as const)
  checkSizes(exports, [...Object.entries(SIZES), ...expected])
  return exports
}

const fileBytesName = (type: ComputableType) => `file_bytes_${type.toLowerCase() as Lowercase<ComputableType>}` as const

/** What memory was planned with must be what the kernels do. */
function checkSizes(exports: ModuleExports, expected: readonly (readonly [name: string, size: number])[]): void {
  for (const [name, size] of expected) {
    const found = exports[name as keyof KernelSizes]?.value
    if (found !== size) throw new Error(`tsinfer bug: kernels with ${name} ${found}, expected ${size}`)
  }
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
