// Every bound of the engine in one place, each with its reason. Relations between them are checked below.

/** Rows of a decode or verify micro-batch: its alive mask is one 32-bit word. */
export const ROWS_MAX = 32
/** Ancestor cells a row may name: the longest chain of uncommitted drafts. */
export const ANCESTORS_MAX = 64
/** Rows of a prefill chunk: beyond this more rows no longer amortize weight reads. */
export const CHUNK_ROWS_MAX = 512
/** Best tokens the last stage reports for a row whose head kind is `top`: enough for the default top-k of 40. */
export const TOP_COUNT = 64
/** Transformer layers: llama.cpp's own limit. */
export const LAYERS_MAX = 512
/** Threads of one stage: more lanes than this never helped on one socket. */
export const LANES_MAX = 64
/** Stages of one pipeline. */
export const STAGES_MAX = 64
/** Requests' live sequences: a row of the cell table each. */
export const SEQUENCES_MAX = 64
/** Positions of one sequence. */
export const CONTEXT_MAX = 1 << 20
/** Bytes of one 32-bit WebAssembly memory. */
export const MEMORY_BYTES_MAX = 2 ** 32
/** Bytes of one WebAssembly page. */
export const PAGE_BYTES = 65536
/** Positions of one attention chunk: partial sums are formed per chunk of absolute positions, then merged in order. */
export const ATTENTION_CHUNK = 256
/** Rows interleaved in one group of a repacked weight matrix: two strands of four. */
export const GROUP_ROWS = 8
/** Elements that share one activation scale. */
export const BLOCK_ELEMENTS = 32

if (ROWS_MAX > 32) throw new Error('limits: the alive mask has 32 bits')
if (ANCESTORS_MAX < ROWS_MAX) throw new Error('limits: a chain must fit one micro-batch')
