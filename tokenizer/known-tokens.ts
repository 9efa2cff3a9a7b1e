// Tokens that mean something to whoever generates text: where a text starts, and above all where a turn ends. A file
// names some by id; for the others, and for the tokens that end a generated text, llama.cpp goes by the token's text.
// The lists are llama.cpp's (llama-vocab.cpp, llama_vocab::impl::load). Pure.
import type { TokenId } from '../engine/domain.ts'
import type { ByteIndex } from './byte-strings.ts'
import { CONTROL, NORMAL, USER_DEFINED } from './token-attributes.ts'

export type Role =
  | 'bos'
  | 'eos'
  | 'eot'
  | 'eom'
  | 'unknown'
  | 'padding'
  | 'fimPrefix'
  | 'fimSuffix'
  | 'fimMiddle'
  | 'fimPadding'
  | 'fimRepository'
  | 'fimSeparator'

interface KnownToken {
  readonly role: Role
  /** Metadata keys behind `tokenizer.ggml.`; a later one wins. */
  readonly keys: readonly string[]
  /** Texts that mark the token where the file names no id, in the order in which they are tried. */
  readonly texts: readonly string[]
}

export const KNOWN_TOKENS: readonly KnownToken[] = [
  { role: 'bos', keys: ['bos_token_id'], texts: [] },
  { role: 'eos', keys: ['eos_token_id'], texts: [] },
  {
    role: 'eot',
    keys: ['eot_token_id'],
    texts: [
      '<|eot_id|>',
      '<|im_end|>',
      '<|end|>',
      '<end_of_turn>',
      '<|endoftext|>',
      '<|end_of_text|>',
      '<EOT>',
      '_<EOT>',
      '[EOT]',
      '<｜end▁of▁sentence｜>',
      '<end_of_utterance>',
    ],
  },
  { role: 'eom', keys: ['eom_token_id'], texts: ['<|eom_id|>'] },
  { role: 'unknown', keys: ['unknown_token_id'], texts: [] },
  { role: 'padding', keys: ['padding_token_id'], texts: [] },
  {
    role: 'fimPrefix',
    keys: ['fim_pre_token_id', 'prefix_token_id'],
    texts: [
      '<|fim_prefix|>',
      '<fim-prefix>',
      '<fim_prefix>',
      '<｜fim▁begin｜>',
      '<PRE>',
      '▁<PRE>',
      '<|code_prefix|>',
      '<|prefix|>',
    ],
  },
  {
    role: 'fimSuffix',
    keys: ['fim_suf_token_id', 'suffix_token_id'],
    texts: [
      '<|fim_suffix|>',
      '<fim-suffix>',
      '<fim_suffix>',
      '<｜fim▁hole｜>',
      '<SUF>',
      '▁<SUF>',
      '<|code_suffix|>',
      '<|suffix|>',
    ],
  },
  {
    role: 'fimMiddle',
    keys: ['fim_mid_token_id', 'middle_token_id'],
    texts: [
      '<|fim_middle|>',
      '<fim-middle>',
      '<fim_middle>',
      '<｜fim▁end｜>',
      '<MID>',
      '▁<MID>',
      '<|code_middle|>',
      '<|middle|>',
    ],
  },
  {
    role: 'fimPadding',
    keys: ['fim_pad_token_id'],
    texts: ['<|fim_pad|>', '<fim-pad>', '<fim_pad>', '<PAD>', '[PAD]'],
  },
  {
    role: 'fimRepository',
    keys: ['fim_rep_token_id'],
    texts: ['<|fim_repo|>', '<|repo_name|>', '<fim-repo>', '<REPO>', '<reponame>'],
  },
  { role: 'fimSeparator', keys: ['fim_sep_token_id'], texts: ['<|file_sep|>'] },
]

/** Texts of tokens that end a generated text wherever they occur in a vocabulary. */
const END_TEXTS = [
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<|flush|>',
  '<|calls|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '</s>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '[EOS]',
  '<|end_of_text|>',
  '<end_of_utterance>',
  '<eos>',
  '<turn|>',
  '<|tool_response>',
  '<｜end▁of▁sentence｜>',
  '[e~[',
]

/** Tokens of the harmony format that structure the answer: they are shown, whatever their type. */
const SHOWN_TEXTS = ['<|channel|>', '<|message|>', '<|start|>', '<|constrain|>']

/**
 * Completes the ids by the texts of tokens and decides which tokens end a text. A token recognised by its text becomes
 * a control token: `attributes` is changed.
 */
export function settleKnownTokens(
  given: { readonly [role in Role]?: TokenId },
  texts: ByteIndex,
  attributes: Uint8Array,
): { ids: { readonly [role in Role]?: TokenId }; endOfGeneration: TokenId[] } {
  const idOf = (text: string) => {
    const bytes = new TextEncoder().encode(text)
    const id = texts.find(bytes, 0, bytes.length)
    return id < 0 ? undefined : id
  }
  const ids: { [role in Role]?: TokenId } = { ...given }
  for (const known of KNOWN_TOKENS) {
    if (ids[known.role] !== undefined) continue
    const id = known.texts.map(idOf).find((found) => found !== undefined)
    if (id === undefined) continue
    ids[known.role] = id
    attributes[id]! |= CONTROL
  }
  const ends = new Set<TokenId>()
  for (const text of END_TEXTS) {
    const id = idOf(text)
    if (id === undefined) continue
    ends.add(id)
    attributes[id]! |= CONTROL
  }
  for (const text of SHOWN_TEXTS) {
    const id = idOf(text)
    if (id !== undefined) attributes[id] = USER_DEFINED
  }
  for (const role of ['eos', 'eot', 'eom', 'fimPadding', 'fimRepository', 'fimSeparator'] as const) {
    if (ids[role] !== undefined) ends.add(ids[role])
  }
  const has = (text: string) => ends.has(idOf(text) ?? -1)
  const without = (text: string, bits: number) => {
    const id = idOf(text)!
    ends.delete(id)
    attributes[id] = bits
  }
  // In the harmony and Solar formats a message ends with <|end|>, but the answer goes on.
  const hasCall = has('<|call|>') || has('<|calls|>')
  if (has('<|end|>') && hasCall && (has('<|return|>') || has('<|flush|>'))) without('<|end|>', USER_DEFINED)
  // Gemma 4 has HTML tags among its tokens.
  if (has('<|tool_response>') && has('</s>')) without('</s>', NORMAL)
  return { ids, endOfGeneration: [...ends].sort((a, b) => a - b) }
}
