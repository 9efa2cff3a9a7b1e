// What the caller and the text worker say to each other over their MessagePort. Plain data only.
import type { ErrorCode } from '../engine/errors.ts'
import type { ChatRequest } from './chat-prompt.ts'
import type { EncodeOptions } from './tokenizer.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What the caller keeps of a vocabulary. The byte tables are shared, not copied. */
export type TextFacts = Pick<Vocabulary, 'table' | 'ids' | 'endOfGeneration' | 'addBos' | 'addEos'> & {
  /** Ids that are no plain text, whatever they print. */
  readonly specials: Int32Array
}

export type ToTextWorker =
  | { readonly kind: 'encode'; readonly id: number; readonly text: string; readonly options: EncodeOptions }
  | { readonly kind: 'chat'; readonly id: number; readonly request: ChatRequest }
  | { readonly kind: 'close' }

export type FromTextWorker =
  | { readonly kind: 'ready'; readonly facts: TextFacts }
  /** A line for the user about what is done in place of what was asked or expected. */
  | { readonly kind: 'notice'; readonly notice: string }
  /** The vocabulary cannot be used; the worker has ended. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'encoded'; readonly id: number; readonly ids: Int32Array }
  | { readonly kind: 'prompted'; readonly id: number; readonly ids: Int32Array; readonly text: string }
  | { readonly kind: 'refused'; readonly id: number; readonly code: ErrorCode; readonly message: string }
