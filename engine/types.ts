/// <reference lib="esnext.disposable" preserve="true" />
// What a user of the library passes in and gets back. Types only; index.ts re-exports all of it.
import type { Position, TokenId } from './domain.ts'
import type { GenerateStats } from './stats-types.ts'

/** Element type of the KV cells. */
export type KvType = 'f32' | 'f16' | 'q8_0'
/** Builds of the kernels with the same results, see kernels-as/. */
export type KernelBuild = 'plain' | 'relaxed' | 'relaxed-dot'

export interface LoadOptions {
  /** Positions per sequence; 0 = the model's own. Default: the smallest of the model's, 4096 and what fits one stage. */
  readonly context?: number
  /** Cores to use in all. Default: what the machine and its cgroup quota allow. */
  readonly threads?: number
  readonly stages?: number
  /** Lanes per stage. */
  readonly lanes?: number
  /** Rows of a prefill chunk. */
  readonly chunkRows?: number
  /** How often a lane looks again before it parks at a barrier. Default: about 20 microseconds. */
  readonly barrierSpins?: number
  /**
   * A folder in which `tsinfer bench --tune` kept lanes, chunkRows and barrierSpins for this machine and model. They are
   * used where neither threads, stages, lanes nor a draft model are given. Nothing is written.
   */
  readonly tuning?: string | URL
  /** Default: f32 where the K and V projections are F32, else f16. */
  readonly kvTypeK?: KvType
  readonly kvTypeV?: KvType
  readonly kernels?: 'auto' | KernelBuild
  /** Sequences of full length that the KV cells are sized for. More can be live at once if they are shorter. Default 1. */
  readonly sequences?: number
  /** A GGUF file with a smaller model of the same vocabulary, which drafts for requests that speculate. */
  readonly draftModel?: string | URL
  /** Cores that only the draft model uses, of all. Default: none, it shares them with the target. */
  readonly draftThreads?: number
  /** Pipeline stages of the draft model. Default: as few as it fits. */
  readonly draftStages?: number
  /** Overrides the pre-tokenizer that the file names (`tokenizer.ggml.pre`). */
  readonly tokenizerPre?: string
  /**
   * Allows setting V8 flags: relaxed SIMD on Node 20; 256-bit code from Node 24 on, after a trial. They act on the whole
   * process. Default false.
   */
  readonly experimentalV8?: boolean
  /**
   * A file for a trace of everything the model's threads do: JSON that ui.perfetto.dev opens. Whether it can be
   * written is tried when the model is loaded; it is written when it is closed; of very long ones the end.
   */
  readonly trace?: string | URL
  readonly signal?: AbortSignal
  /**
   * Called with a line about what is done in place of what was asked or what the file says: a tuning that cannot be used,
   * a chat without a template. While the model is loaded and, where requests bring news, later; each line once.
   */
  readonly onNotice?: (notice: string) => void
  /** Called with 0..1 while the weights are read. */
  readonly onProgress?: (fraction: number) => void
}

/** Options of a vocabulary without a model. */
export type TextOptions = Pick<LoadOptions, 'tokenizerPre' | 'onNotice'>

/** What is tuned: options of `loadModel`. */
export type Tuning = Required<Pick<LoadOptions, 'lanes' | 'chunkRows' | 'barrierSpins'>>

/**
 * What a text has to be: anything, a JSON object, or a JSON value that a schema accepts. The text is one value without
 * white space around it; it ends with the value, which is closed within the tokens there are. Of JSON Schema (draft
 * 2020-12) these keywords are kept, others are refused: type, enum, const, properties, required, additionalProperties,
 * prefixItems, items, minItems, maxItems, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum,
 * anyOf, oneOf of schemas that visibly exclude each other, allOf of one, $ref to $defs. Properties come in their order in
 * the schema; others than those listed only where additionalProperties asks for them.
 */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly schema: object | boolean }

/** Defaults are llama.cpp's, or the model's own: `ModelInfo.sampling`. */
export interface SamplingOptions {
  /** Default 0.8; 0 = greedy. */
  readonly temperature?: number
  /** Keep the K best tokens. Default 40; 0 = all. */
  readonly topK?: number
  /** Keep the smallest set of best tokens with at least this much probability. Default 0.95; 1 = all. */
  readonly topP?: number
  /** Keep tokens with at least this share of the best token's probability. Default 0.05; 0 = all. */
  readonly minP?: number
  /** Divides positive and multiplies negative logits of recent tokens. Default 1 = off. */
  readonly repeatPenalty?: number
  /** Recent tokens, prompt included, that the three penalties look at: at most 2^20. Default 64; -1 = all, 0 = none. */
  readonly repeatLastN?: number
  /** Subtracted once from the logit of a recent token. Default 0. */
  readonly presencePenalty?: number
  /** Subtracted from the logit of a recent token for each time it occurs. Default 0. */
  readonly frequencyPenalty?: number
  /** Added to the logits of these token ids; -Infinity bans a token. */
  readonly logitBias?: Readonly<Record<number, number>>
  /** 0 .. 2^32 - 1. Default: a random one, reported with the result. */
  readonly seed?: number
}

/** The numbers of sampling. */
export type SamplingNumbers = Readonly<Required<Omit<SamplingOptions, 'logitBias' | 'seed'>>>

/**
 * How a request speculates: `off` decodes plainly, `sync` drafts and verifies in turn, `pipe` drafts while earlier drafts
 * are being verified, `auto` measures and chooses among these while it runs. The text is the same with each of them.
 */
export type Speculation = 'off' | 'sync' | 'pipe' | 'auto'

/** Draft parameters; the probabilities are the drafter's own. */
export interface DraftOptions {
  /** Most drafted tokens of one round (`sync`) or one micro-batch (`pipe`). 1 to 32. Default 4; of `auto`, which chooses, 16. */
  readonly nMax?: number
  /** Fewer drafted tokens than this are not sent. Default 0. */
  readonly nMin?: number
  /** A branch of drafts ends where the best guess is less likely. Default 0.5; of `auto` 0.1. */
  readonly pMin?: number
  /** A second guess for a position opens a branch of its own when it is likelier. Default 0.3. */
  readonly pSplit?: number
  /** Raises both thresholds for every micro-batch of drafts sent since the last token. Default 0. */
  readonly pRecovery?: number
  /** Lowers both thresholds for every attempt since the last token that had only unlikely guesses. Default 0. */
  readonly pDecay?: number
}

export interface GenerateOptions extends SamplingOptions {
  /** Most tokens per choice. Default: until the context is full. */
  readonly maxTokens?: number
  /**
   * Texts that end a choice, or one; the text is cut before them. At most 4096 bytes of UTF-8 in all. One that is the name
   * of a control token, such as `<|im_end|>`, is that token too, which prints no text.
   */
  readonly stop?: string | readonly string[]
  /** Tokens that end a choice and are not part of it, beside those that end a text in this model. */
  readonly stopIds?: readonly TokenId[]
  /** Default: any text. A stop string still ends the text wherever it stands. */
  readonly responseFormat?: ResponseFormat
  /** Continuations of the same prompt, at most 64. Default 1. */
  readonly choices?: number
  /**
   * Default: `auto` with a draft model, else `off`. Without a draft model n-grams draft: text that repeats itself is
   * guessed from its earlier occurrences.
   */
  readonly speculation?: Speculation
  readonly draft?: DraftOptions
  /** Go on after a token that ends the text; nothing is banned. Default false. */
  readonly ignoreEos?: boolean
  /** Read special tokens in a text prompt as such. Default true. */
  readonly parseSpecial?: boolean
  /**
   * Goes on from the session's KV cells as far as the prompt begins like its text, and leaves the new text in them. The
   * result is the same as without. Requests of one session run one after the other.
   */
  readonly session?: Session
  readonly signal?: AbortSignal
}

/**
 * A text that stays in KV cells between requests. Cells are given to other requests when those need them, the longest
 * unused session's first; that costs the next request of the session a prefill, and nothing else.
 */
export interface Session extends Disposable {
  /**
   * Writes the text and what is in its KV cells to a file, with `note`, a text of yours. The old file stays whole until the
   * new one is. A symbolic link is written through. Rejects with `file_unwritable` for what is no regular file and where the
   * disk is full.
   */
  save(path: string | URL, note?: string): Promise<SavedSession>
  /**
   * Goes on from a saved text in place of this one's: none of it is evaluated again. Rejects with `file_unreadable`, or
   * with `session_invalid` for a file that was cut or damaged or comes from another model or other types of KV cells; the
   * session then goes on as it was.
   */
  load(path: string | URL): Promise<SavedSession>
  /** Gives the cells back. Requests under way go on; new ones are refused. */
  close(): void
}

/** What a session file holds. */
export interface SavedSession {
  /** The text that was in KV cells; what had been lost to other requests is not among it. */
  readonly tokens: readonly TokenId[]
  readonly note: string
}

/** One generated token. */
export interface Piece {
  readonly choice: number
  readonly token: TokenId
  /** Text that became complete with this token; may be empty. */
  readonly text: string
}

export interface ChoiceResult {
  /** Generated tokens, without the one that ended the text. */
  readonly ids: readonly TokenId[]
  readonly text: string
  readonly finishReason: 'stop' | 'length'
}

export interface GenerateResult {
  readonly promptIds: readonly TokenId[]
  readonly choices: readonly ChoiceResult[]
  /** The seed that was used. */
  readonly seed: number
  readonly stats: GenerateStats
}

/** Pieces as they are made, of all choices interleaved. Iterating is optional; `result` settles either way. */
export interface Generation extends AsyncIterable<Piece> {
  /** Rejects with code `aborted` when the signal fires; so does the iteration. */
  readonly result: Promise<GenerateResult>
}

/** The distribution of the token after `position`, given the tokens up to it. */
export interface ScoredPosition {
  readonly position: Position
  /** The token at `position`. */
  readonly token: TokenId
  /** The likeliest next tokens, best first. */
  readonly top: readonly (readonly [id: TokenId, probability: number])[]
  /** ln of the sum of exp(logit) over the vocabulary. */
  readonly logsumexp: number
  /** Logit of the token that really follows; absent at the last position. */
  readonly nextLogit?: number
}

export interface ScoreOptions {
  /** First position to report. Default 0. */
  readonly from?: number
  /** Next tokens to report, at most 64. Default 5. */
  readonly top?: number
  readonly signal?: AbortSignal
}

/** Which of a text's tokens its embedding is made of: the mean of all, the last one, or the first. */
export type Pooling = 'mean' | 'last' | 'cls'

export interface EmbedOptions {
  /** Default: as the model's metadata says, else the mean. */
  readonly pooling?: Pooling
  /** Scale each embedding to length 1. Default true. */
  readonly normalize?: boolean
  readonly signal?: AbortSignal
}

export interface TokenizeOptions {
  /** Default: as the model's metadata says. */
  readonly addBos?: boolean
  /** Default true. */
  readonly parseSpecial?: boolean
  readonly signal?: AbortSignal
}

/** How a model is laid over threads and memories. */
export interface PlanInfo {
  /** One line for people. */
  readonly text: string
  readonly stages: readonly StageInfo[]
  /** Lanes per stage. */
  readonly lanes: number
  readonly contextLength: number
  readonly chunkRows: number
  /** How often a lane looks again before it parks at a barrier. */
  readonly barrierSpins: number
  readonly sequences: number
  readonly kvTypeK: KvType
  readonly kvTypeV: KvType
  /** Weight types without products of their own: their weights are dequantized again for every product. */
  readonly genericTypes: readonly string[]
  /** Weight bytes that one decoded token reads. */
  readonly weightBytesPerToken: number
}

export interface StageInfo {
  readonly layerFirst: number
  readonly layerCount: number
  /** Bytes of the stage's whole memory, weights included. */
  readonly memoryBytes: number
  readonly weightBytes: number
  readonly kvBytes: number
}

export interface ModelInfo {
  readonly path: string
  readonly architecture: string
  readonly name: string | undefined
  /** Positions of a sequence, as loaded. */
  readonly contextLength: number
  /** Positions the model was trained for. */
  readonly contextLengthTrained: number
  readonly vocabularySize: number
  readonly parameterCount: number
  /** Bytes of all tensors in the file. */
  readonly fileBytes: number
  /** The tensor type most of the weights have. */
  readonly weightType: string
  readonly plan: PlanInfo
  /** Which build of the kernels runs. */
  readonly kernels: string
  /** Milliseconds from the call of `loadModel` to the model. */
  readonly loadMs: number
  /** What a request samples with that does not say: the file's `general.sampling.*`, else the usual defaults. */
  readonly sampling: SamplingNumbers
}

/** Totals since the model was loaded. */
export interface EngineStats {
  readonly requests: number
  readonly requestsLive: number
  readonly promptTokens: number
  readonly tokens: number
  /** KV cells that were allocated. */
  readonly kvCells: number
}
