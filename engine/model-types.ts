// What a loaded model can be asked. Types only; index.ts re-exports all of it.
import type { ChatGeneration, ChatMessage, ChatOptions } from './chat-types.ts'
import type { TokenId } from './domain.ts'
import type {
  EngineStats,
  GenerateOptions,
  Generation,
  ModelInfo,
  ScoredPosition,
  ScoreOptions,
  Session,
  TokenizeOptions,
} from './types.ts'

export interface Model extends AsyncDisposable {
  readonly info: ModelInfo
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>
  detokenize(ids: readonly TokenId[]): string
  generate(prompt: string | readonly TokenId[], options?: GenerateOptions): Generation
  /** Continues a conversation in the form of the model's chat template. */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): ChatGeneration
  score(ids: readonly TokenId[], options?: ScoreOptions): AsyncIterable<ScoredPosition>
  /** A session without a text: see `GenerateOptions.session`. */
  session(): Session
  stats(): EngineStats
  close(): Promise<void>
}

/** A model file's vocabulary alone; works for files without weights. */
export interface TextTokenizer extends AsyncDisposable {
  encode(text: string, options?: TokenizeOptions): Promise<number[]>
  detokenize(ids: readonly TokenId[]): Promise<string>
  close(): Promise<void>
}
