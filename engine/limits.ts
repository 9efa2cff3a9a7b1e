// Every bound of the engine in one place, each with its reason. Relations between them are checked below.

/** Groups of a micro-batch, and so its decode and draft rows: its alive mask is one 32-bit word. */
export const GROUPS_MAX = 32
/** Rows of a micro-batch where prompts go in chunks of `chunkRows`: every group has room, whatever a user chooses. */
export const microBatchRows = (chunkRows: number): number => Math.max(chunkRows, GROUPS_MAX)
/** Ancestor cells a row may name: the longest chain of uncommitted drafts. */
export const ANCESTORS_MAX = 64
/** Rows of a prefill chunk: beyond this more rows no longer amortize weight reads. */
export const CHUNK_ROWS_MAX = 512
/** Rows of a prefill chunk where nobody says: with more, a row that is decoded waits longer than weight reads are saved. */
export const DEFAULT_CHUNK_ROWS = 64
/** By what factor prompts may lengthen the steps of those who decode, where nobody says: both keep half of their speed. */
export const DEFAULT_GAP_FACTOR = 2
/** With more, prompts go at full speed anyway. */
export const GAP_FACTOR_MAX = 100
/** Best tokens the last stage reports for a row whose head kind is `top` or `scored`: enough for the default top-k of 40. */
export const TOP_COUNT = 64
/** Transformer layers: llama.cpp's own limit. */
export const LAYERS_MAX = 512
/** Threads of one stage: more lanes than this never helped on one socket. */
export const LANES_MAX = 64
/** Stages of one pipeline. */
export const STAGES_MAX = 64
/** Requests' live sequences: a row of the cell table each. */
export const SEQUENCES_MAX = 64
/** Tokens that everybody who runs can get, when somebody is admitted, before anybody has to pause: a pause costs a prefill. */
export const HEADROOM = 64
/** Requests that may wait where nobody says: each keeps its prompt, and who comes later would hardly live to see its turn. */
export const DEFAULT_QUEUE = 1 << 10
/** Requests that may wait at all. */
export const QUEUE_MAX = 1 << 20
/** Texts that stay in KV cells for others to begin with, sessions' included: each takes memory for its tokens beside its cells. */
export const KEPT_TEXTS_MAX = 1024
/**
 * Microseconds for which a session that is saved or brought back may hold KV cells that somebody waits for. What it holds is
 * some hundred MB, which a slow disk takes in less; a reader that has stopped never does, and nobody waits for it for ever.
 */
export const PIN_US = 10_000_000
/** Positions of one sequence. */
export const CONTEXT_MAX = 1 << 20
/** Positions of one sequence where nobody says, the model has as many and they fit: KV cells cost memory. */
export const DEFAULT_CONTEXT = 4096
/** Bytes of one 32-bit WebAssembly memory. */
export const MEMORY_BYTES_MAX = 2 ** 32
/** Bytes of one WebAssembly page. */
export const PAGE_BYTES = 65536
/** Rows interleaved in one group of a repacked weight matrix: two strands of four. */
export const GROUP_ROWS = 8
/** Elements that share one activation scale. */
export const BLOCK_ELEMENTS = 32

/** Bytes of the header of a session file: a few hundred are used. */
export const SESSION_HEADER_BYTES_MAX = 1 << 16
/** Bytes of the note in a session file: the messages of a chat. */
export const SESSION_NOTE_BYTES_MAX = 1 << 26

// What a caller asks for. The largest that can be meant; they keep a slip of the pen from costing time or memory.

/** Bytes of all stop strings of a request: the automaton that looks for them takes 1 KiB per byte. */
export const STOP_BYTES_MAX = 4096
/** Earlier places that end like a text, of which the latest are compared with it for repetitions. */
export const REPETITION_PLACES_MAX = 1 << 10
/** Tokens whose logits a request changes: every token of the largest vocabulary. */
export const BIASES_MAX = 1 << 21
/** Next tokens that can be reported per scored position: what the last stage reports. */
export const SCORE_TOP_MAX = TOP_COUNT
/** Texts of one call of `embed`, each a request. */
export const EMBEDDED_TEXTS_MAX = 1 << 16
/** Token ids of a list that is turned into text: far more than any context. */
export const LISTED_IDS_MAX = 1 << 24
/** Characters of a client's name: a hash, or an address. */
export const CLIENT_CHARS_MAX = 256
/** Clients whose numbers are remembered: after so many others one is a new one, which has nothing to share. */
export const CLIENTS_MAX = 1 << 12
/** Messages and tools of a chat, and what they hold: characters of their texts, with 16 for every other value. */
export const CHAT_SIZE_MAX = 1 << 26
/** How deep the values of a chat may lie. */
export const CHAT_NESTING_MAX = 1 << 10

/** Characters of an error's message: a path of 4096 and what is said of it. What files hold is cut to 80 each before. */
export const MESSAGE_CHARS_MAX = 1 << 13

// A GGUF header. Far above every real file; they keep a crafted one from costing time or memory.

/** Bytes before the tensor data, of which string arrays are read through: the largest vocabularies take 20 MB. */
export const HEADER_BYTES_MAX = 2 ** 28
/** Metadata keys of a file: real ones have dozens. */
export const METADATA_KEYS_MAX = 1 << 16
/** Files of a split model: the numbers in their names have five digits, llama.cpp counts them in 16 bits. */
export const SHARDS_MAX = 65535
/** Tensors of a file: the largest mixtures of experts have a few thousand. */
export const TENSORS_MAX = 1 << 16
/** Elements of a metadata array: a vocabulary's merges are half a million. */
export const ARRAY_ELEMENTS_MAX = 1 << 24
/** Elements of an array kept in memory with the header: a number per layer. Longer arrays are read when asked for. */
export const ARRAY_KEPT_ELEMENTS_MAX = 1024
/** Elements kept so of all arrays of a file together: a hundred keys with a number per layer are a tenth of it. */
export const KEPT_ELEMENTS_MAX = 1 << 19
/** Bytes of a key: the format's own limit. */
export const KEY_BYTES_MAX = 65535
/** Bytes of a string: chat templates reach 100 KB. */
export const STRING_BYTES_MAX = 1 << 24
/** Bytes of a tensor's name: ggml's limit, which counts a closing NUL. */
export const TENSOR_NAME_BYTES_MAX = 63
/** Dimensions of a tensor: ggml's limit. */
export const TENSOR_DIMENSIONS_MAX = 4
/** Alignment of tensor data: writers use 32 or a page. */
export const ALIGNMENT_MAX = 1 << 20

// Hyper-parameters of a model. The tensors must have the shapes they give, so these only keep products exact.

/** Elements of a token's activation. */
export const WIDTH_MAX = 1 << 17
/** Elements inside the feed-forward part of a layer. */
export const FFN_WIDTH_MAX = 1 << 20
/** Experts of a layer: the largest mixtures have 512. */
export const EXPERTS_MAX = 1 << 12
/** Attention heads of a layer. */
export const HEADS_MAX = 1 << 12
/** Elements of a head. */
export const HEAD_DIM_MAX = 1 << 12
/** Tokens of a vocabulary: the largest have 262,000. */
export const VOCABULARY_MAX = 1 << 21
/** Positions a model may claim to be trained for; a sequence gets at most CONTEXT_MAX of them. */
export const POSITIONS_MAX = 2 ** 31 - 1

// A JSON Schema, and what a constraint keeps of it. Real schemas have tens of levels and thousands of states.

/** Characters of the texts of a schema, with 16 for every other value, and how deep values may lie. */
export const SCHEMA_SIZE_MAX = 1 << 22
export const SCHEMA_NESTING_MAX = 1 << 10
/** Levels of a schema, each reference one. */
export const SCHEMA_DEPTH_MAX = 256
/** Schemas in an anyOf or oneOf. */
export const SCHEMA_BRANCHES_MAX = 256
/** Ways to keep a schema that are told apart, by the choices that anyOf, oneOf, if and not leave. */
export const SCHEMA_SHAPES_MAX = 1 << 10
/** Steps that a schema's choices may take to be told apart: some seconds of the worst ones. */
export const SCHEMA_WORK_MAX = 1 << 19
/** Expressions, steps and states of the texts of a schema: patterns, formats, keys. */
export const TEXT_EXPRESSIONS_MAX = 1 << 18
export const TEXT_WORK_MAX = 1 << 20
export const TEXT_STATES_MAX = 1 << 12
/** Characters of a grammar in GBNF or of a regular expression, groups in each other, and how much a count may be. */
export const GRAMMAR_CHARS_MAX = 1 << 20
export const GRAMMAR_GROUPS_MAX = 200
export const GRAMMAR_REPEATS_MAX = CONTEXT_MAX
/** Texts to choose from. */
export const CHOICES_MAX = 1 << 14
/** States of a compiled schema or grammar. */
export const GRAMMAR_STATES_MAX = 1 << 16
/** Ways to read the text so far that are followed at once. */
export const ALTERNATIVES_MAX = 256
/** Steps for one answer of a constraint: some tenths of a second, where usual schemas take milliseconds. */
export const CONSTRAINT_WORK_MAX = 1 << 22
/** Bytes of a shortest way to the end for which tokens are counted; a longer one is given a token for every byte. */
export const CLOSING_BYTES_MAX = 1 << 11
/** Positions kept of one compiled schema, about 1 KiB each; a text that counts characters makes new ones all the time. */
export const GRAMMAR_POSITIONS_MAX = 1 << 12
/** Masks kept of one compiled schema: a bit per token each. */
export const CONSTRAINT_MASKS_MAX = 64
/** Compiled schemas kept with their positions for requests to come. */
export const CONSTRAINTS_KEPT_MAX = 8

// Threads.

/** Time that threads which only measure get to return by themselves when they have. */
export const MEASURING_GRACE_MS = 1000
/** Loads between two looks at whether to park: more would keep a core busy for seconds. */
export const SPINS_MAX = 1e9

if (ARRAY_KEPT_ELEMENTS_MAX < LAYERS_MAX) throw new Error('limits: arrays with a value per layer must be kept')
if (GROUPS_MAX > 32) throw new Error('limits: the alive mask has 32 bits')
if (ANCESTORS_MAX < GROUPS_MAX) throw new Error('limits: a chain must fit one micro-batch')
