// A resident thread that compiles response formats, started for the first one: a hostile schema takes seconds, and the tree
// of a vocabulary's tokens tenths of one, and neither the caller nor the conductor stands still for it. What it has made
// lies in memory that threads share, so that nobody copies the thousands of states a form may have.
import type { MessagePort } from 'node:worker_threads'
import { type CompiledForm, packGrammar } from './constraint/compiled-form.ts'
import type { Grammar } from './constraint/grammar.ts'
import { resolveResponseFormat } from './constraint/response-format.ts'
import { buildTokenTrie, type TokenTrie } from './constraint/token-trie.ts'
import { type ErrorCode, TsinferError } from './errors.ts'
import type { ResponseFormat } from './public/generation.ts'
import type { TokenBytes } from './sampling/stop-strings.ts'

export interface FormWorkerPayload {
  readonly tokenBytes: TokenBytes
  /** Tokens that are never part of a constrained text, whatever they print. */
  readonly specials: Int32Array
  readonly port: MessagePort
}

/** Plain data, and no plain text. */
export interface FormQuestion {
  readonly kind: 'compile'
  readonly format: ResponseFormat
}

export interface FormAnswer {
  readonly kind: 'compiled'
  readonly form: CompiledForm
}

/** What it says, beside answers. */
type FormNews =
  | { readonly kind: 'ready'; readonly facts: undefined }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }

/** Returns when the port closes. */
export default async function runFormWorker({ tokenBytes, specials, port }: FormWorkerPayload): Promise<undefined> {
  const post = (message: FormAnswer | FormNews) => port.postMessage(message)
  const forms = new FormCompiler(buildTokenTrie(tokenBytes, specials))
  await new Promise<void>((resolve) => {
    port.on('close', resolve)
    port.on('message', ({ format }: FormQuestion) => {
      try {
        post({ kind: 'compiled', form: forms.compile(format) })
      } catch (error) {
        if (error instanceof TsinferError) post({ kind: 'refused', code: error.code, message: error.message })
        else post({ kind: 'refused', code: 'request_failed', message: `responseFormat: ${error}` })
      }
    })
    post({ kind: 'ready', facts: undefined })
  })
  return undefined
}

class FormCompiler {
  readonly #trie: TokenTrie
  /** Of the grammars that are known still. */
  readonly #numbers = new WeakMap<Grammar, Float64Array>()

  constructor({ longest, ...lists }: TokenTrie) {
    const { bytes, depths, ends, tokensFrom, tokens, contains } = lists
    this.#trie = {
      ...{ bytes: shared(bytes), depths: shared(depths), ends: shared(ends), tokensFrom: shared(tokensFrom) },
      ...{ tokens: shared(tokens), contains: shared(contains), longest },
    }
  }

  compile(format: ResponseFormat): CompiledForm {
    const { name, grammar } = resolveResponseFormat(format)!
    const numbers = this.#numbers.get(grammar) ?? shared(packGrammar(grammar))
    this.#numbers.set(grammar, numbers)
    return { name, numbers, trie: this.#trie }
  }
}

type List = Uint8Array | Int32Array | Float64Array

/** A copy that other threads see, too. */
function shared<L extends List>(list: L): L {
  const copy = new (list.constructor as new (buffer: SharedArrayBuffer) => L)(new SharedArrayBuffer(list.byteLength))
  copy.set(list)
  return copy
}
