/// <reference lib="esnext.disposable" preserve="true" />
// Texts as token ids, and back. Types only.
import type { TokenId } from '../domain.ts'

export interface TokenizeOptions {
  /** Default: as the model's metadata says. */
  readonly addBos?: boolean
  /** Default true. */
  readonly parseSpecial?: boolean
  readonly signal?: AbortSignal
}

/** A model file's vocabulary alone; works for files without weights. */
export interface TextTokenizer extends AsyncDisposable {
  encode(text: string, options?: TokenizeOptions): Promise<number[]>
  detokenize(ids: readonly TokenId[]): Promise<string>
  close(): Promise<void>
}
