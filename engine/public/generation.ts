// What a generation is asked for, and what comes of it. Types only.
import type { TokenId } from '../domain.ts'
import type { QueueOptions } from './queueing.ts'
import type { Session } from './session.ts'
import type { DraftOptions, Speculation } from './speculation.ts'
import type { GenerateStats } from './stats.ts'

/**
 * What a text has to be: anything; a JSON object; a JSON value that a schema accepts (docs/json-schema.md); a text of a
 * grammar in GBNF, the notation of llama.cpp (docs/grammars.md); one that a regular expression matches from its beginning to
 * its end; or one of several. It ends by itself where it is complete, and is complete within the tokens there are. What
 * cannot be kept is refused.
 */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json_object' }
  | { readonly type: 'json_schema'; readonly schema: object | boolean }
  | { readonly type: 'grammar'; readonly grammar: string }
  | { readonly type: 'regex'; readonly pattern: string }
  | { readonly type: 'choice'; readonly choices: readonly string[] }

/** A filter of sampling, by llama.cpp's name. */
export type SamplerName =
  | 'penalties'
  | 'dry'
  | 'top_n_sigma'
  | 'top_k'
  | 'typ_p'
  | 'top_p'
  | 'min_p'
  | 'xtc'
  | 'temperature'

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
  /** Keep the tokens whose information is most typical, up to this much probability together. Default 1 = all. */
  readonly typicalP?: number
  /** Keep tokens whose logit lies within so many standard deviations of the best one. Default -1; 0 or less = all. */
  readonly topNSigma?: number
  /** Chance with which, for each token, all top choices but the last are left out. Default 0. */
  readonly xtcProbability?: number
  /** Least probability of a top choice. Default 0.1; above 0.5 nothing is left out. */
  readonly xtcThreshold?: number
  /** Subtracted from the logits of tokens that go on with a repetition (DRY), times a power of the base. Default 0 = off. */
  readonly dryMultiplier?: number
  /** The power is the number of repeated tokens beyond the allowed length. Default 1.75. */
  readonly dryBase?: number
  /** Default 2. */
  readonly dryAllowedLength?: number
  /** Recent tokens, prompt included, that are searched for repetitions: at most 2^20. Default -1 = all; 0 = none. */
  readonly dryPenaltyLastN?: number
  /** Texts that no repetition goes back beyond, at most 4096 bytes in all. Default: line feed, colon, quote, asterisk. */
  readonly drySequenceBreakers?: readonly string[]
  /**
   * The filters in their order; those that are not named are off. Default, as in llama.cpp: penalties, dry, top_n_sigma,
   * top_k, typ_p, top_p, min_p, xtc, temperature.
   */
  readonly samplers?: readonly SamplerName[]
  /** Added to the logits of these token ids; -Infinity bans a token. Tokens that the file suppresses stay banned. */
  readonly logitBias?: Readonly<Record<number, number>>
  /** 0 .. 2^32 - 1. Default: a random one, reported with the result. */
  readonly seed?: number
}

/** The numbers of sampling. */
export type SamplingNumbers = Readonly<
  Required<Omit<SamplingOptions, 'logitBias' | 'seed' | 'drySequenceBreakers' | 'samplers'>>
>

export interface GenerateOptions extends SamplingOptions, QueueOptions {
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
  /**
   * Use the KV cells of other requests, under way or over, as far as the prompt begins like theirs. The result is the same
   * without; measurements want that. Default true.
   */
  readonly cachePrompt?: boolean
  readonly signal?: AbortSignal
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
