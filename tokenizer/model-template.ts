// Which chat template a model file brings, and the texts of the tokens that templates put around a conversation. Pure.
import { TsinferError } from '../engine/errors.ts'
import { byteStringAt, stringCount } from './byte-strings.ts'
import type { TokenizerMetadata } from './vocabulary.ts'

const KEY = 'tokenizer.chat_template'

/** Absent where the file has none. */
export interface ModelTemplate {
  readonly source: string | undefined
  readonly bosToken: string | undefined
  readonly eosToken: string | undefined
}

export interface TemplateChoice {
  /** A template that the file has by this name beside its usual one. */
  readonly name?: string
  /** Prefer the template that the file has for tools, as Hugging Face does. */
  readonly hasTools: boolean
}

/** Whether what somebody gave as a template is the name of one instead of Jinja. */
export const isTemplateName = (text: string): boolean => /^[\w.-]+$/.test(text)

/** Throws `template_invalid` for a name that the file does not have, `tokenizer_invalid` for keys of a wrong kind. */
export function readModelTemplate(metadata: TokenizerMetadata, { name, hasTools }: TemplateChoice): ModelTemplate {
  const named = (own: string) => metadata.string(`${KEY}.${own}`)
  const usual = () => metadata.string(KEY) ?? named('default') ?? named('tool_use')
  const source = name === undefined ? ((hasTools ? named('tool_use') : undefined) ?? usual()) : named(name)
  if (name !== undefined && source === undefined) {
    throw new TsinferError('template_invalid', `chat template: expected the key ${KEY}.${name}, found none`)
  }
  return { source, bosToken: tokenText(metadata, 'bos'), eosToken: tokenText(metadata, 'eos') }
}

/** As llama.cpp has them where a SentencePiece vocabulary does not say. */
const USUAL_IDS = { bos: 1, eos: 2 } as const

function tokenText(metadata: TokenizerMetadata, role: 'bos' | 'eos'): string | undefined {
  const tokens = metadata.strings('tokenizer.ggml.tokens')
  if (tokens === undefined) return undefined
  const usual = metadata.string('tokenizer.ggml.model') === 'llama' ? USUAL_IDS[role] : undefined
  const isToken = (id: number | undefined) => id !== undefined && id >= 0 && id < stringCount(tokens)
  // The vocabulary notes an id that is none.
  const id = [metadata.integer(`tokenizer.ggml.${role}_token_id`), usual].find(isToken)
  return id === undefined ? undefined : new TextDecoder().decode(byteStringAt(tokens, id))
}
