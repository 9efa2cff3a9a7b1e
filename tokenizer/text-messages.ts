// What the caller and the text worker say to each other over their MessagePort. Plain data only. A worker has one task at
// a time: the next answer is the last question's.
import type { ErrorCode } from '../engine/errors.ts'
import type { ChatRequest } from './chat-prompt.ts'
import type { EncodeOptions } from './tokenizer.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What the caller keeps of a vocabulary. The byte tables are shared, not copied. */
export type TextFacts = Pick<Vocabulary, 'table' | 'ids' | 'endOfGeneration' | 'suppressed' | 'addBos' | 'addEos'> & {
  /** Ids that are no plain text, whatever they print. */
  readonly specials: Int32Array
}

export type TextQuestion =
  | { readonly kind: 'encode'; readonly text: string; readonly options: EncodeOptions }
  | { readonly kind: 'chat'; readonly request: ChatRequest }

/** A conversation as its template writes it, and its ids; of an encoded text the ids. */
export interface PromptedChat {
  readonly text: string
  /** As in `ChatPrompt`. */
  readonly template: string
  readonly ids: Int32Array
}

export type TextAnswer =
  | ({ readonly kind: 'prompted' } & PromptedChat)
  /** The prompt has more characters, or takes more steps to render, than this worker takes. */
  | { readonly kind: 'long' }

export type FromTextWorker =
  | TextAnswer
  /** The vocabulary has been read. */
  | { readonly kind: 'ready'; readonly facts: TextFacts }
  /** A line for the user about what is done in place of what was asked or expected. */
  | { readonly kind: 'notice'; readonly notice: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
