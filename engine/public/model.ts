/// <reference lib="esnext.disposable" preserve="true" />
// What a loaded model can be asked. Types only; index.ts re-exports all of it.
import type { TokenId } from '../domain.ts'
import type { ChatGeneration, ChatMessage, ChatOptions } from './chat.ts'
import type { EmbedOptions } from './embed.ts'
import type { GenerateOptions, Generation } from './generation.ts'
import type { EngineStats, ModelInfo } from './info.ts'
import type { ScoredPosition, ScoreOptions } from './score.ts'
import type { Session } from './session.ts'
import type { TokenizeOptions } from './tokenize.ts'

export interface Model extends AsyncDisposable {
  readonly info: ModelInfo
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>
  detokenize(ids: readonly TokenId[]): string
  generate(prompt: string | readonly TokenId[], options?: GenerateOptions): Generation
  /** Continues a conversation in the form of the model's chat template. */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): ChatGeneration
  score(ids: readonly TokenId[], options?: ScoreOptions): AsyncIterable<ScoredPosition>
  /**
   * A vector per text, or per list of token ids (one text alone is one text): what the model's head reads, pooled. Rejects with `prompt_invalid` for a
   * text without tokens and `prompt_too_long` for one beyond the context.
   */
  embed(texts: string | readonly (string | readonly TokenId[])[], options?: EmbedOptions): Promise<Float32Array[]>
  /** A session without a text: see `GenerateOptions.session`. */
  session(): Session
  stats(): EngineStats
  close(): Promise<void>
}
