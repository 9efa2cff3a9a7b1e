// The keys about texts and tokens that llama.cpp reads (its src/llama-arch.cpp and src/llama-vocab.cpp, release v0.5.0), and
// what each is set to in turn. Pure.
import type { ScalarType, ScalarValue } from '../../../engine/gguf/metadata.ts'
import type { MetadataItem } from '../../forge/gguf-writer.ts'

export interface VocabularyChange {
  /** How it is called in what is recorded. */
  readonly name: string
  readonly key: string
  readonly type: ScalarType
  /** None takes the key away. */
  readonly value?: ScalarValue | readonly ScalarValue[]
}

const PREFIX = 'tokenizer.ggml.'

const IDS = [
  ...['bos', 'eos', 'eot', 'eom', 'unknown', 'seperator', 'padding', 'cls', 'mask'],
  ...['fim_pre', 'fim_suf', 'fim_mid', 'fim_pad', 'fim_rep', 'fim_sep', 'prefix', 'suffix', 'middle'],
].map((role) => `${PREFIX}${role}_token_id`)

const FLAGS = [
  ...['add_bos_token', 'add_eos_token', 'add_sep_token', 'add_space_prefix', 'remove_extra_whitespaces'],
  ...['normalizer.lowercase', 'normalizer.strip_accents'],
].map((name) => PREFIX + name)

const WORDS: Readonly<Record<string, readonly string[]>> = {
  [`${PREFIX}model`]: [
    ...['llama', 'gpt2', 'gemma4', 'bert', 't5', 'rwkv', 'plamo2', 'whitespace', 'hybriddna', 'no_vocab', 'none', 'x'],
  ],
  [`${PREFIX}pre`]: [
    ...['', 'default', 'gpt-2', 'llama-bpe', 'qwen2', 'chatglm-bpe', 'tekken', 'chameleon', 'kimi-k2', 'gemma4'],
    ...['sarvam-moe', 'jina-v1-en', 'jina-v2-code', 'roberta-bpe', 'whitespace', 'x'],
  ],
  'tokenizer.chat_template': ['{{ messages }}', 'chatml', '{% if'],
  'tokenizer.chat_template.tool_use': ['{{ tools }}'],
  'tokenizer.huggingface.json': ['{}'],
  'tokenizer.rwkv.world': ['x'],
  'general.name': ['Phi-3 mini', 'modern-bert'],
}

type Values = readonly ScalarValue[]

/** Lists, each with a name for what is done to it. */
function listChanges(items: readonly MetadataItem[]): VocabularyChange[] {
  const listOf = (name: string) => items.find(({ key }) => key === PREFIX + name)?.value as Values | undefined
  const tokens = listOf('tokens')!
  const types = listOf('token_type')!
  const scores = listOf('scores') ?? tokens.map(() => 0)
  const merges = listOf('merges') ?? ['h e', 'l l']
  const list = (name: string, what: string, type: ScalarType, value: Values): VocabularyChange => ({
    name: `${PREFIX}${name}: ${what}`,
    key: PREFIX + name,
    type,
    value,
  })
  const withAt = (values: Values, id: number, value: ScalarValue) => values.map((old, i) => (i === id ? value : old))
  const marks = tokens.length - 4
  const letter = tokens.indexOf('h')
  return [
    list('tokens', 'the last one empty', 'string', withAt(tokens, tokens.length - 1, '')),
    list('tokens', 'two empty', 'string', withAt(withAt(tokens, tokens.length - 1, ''), marks, '')),
    list('tokens', 'one twice', 'string', withAt(tokens, tokens.length - 1, tokens[marks]!)),
    list('tokens', 'an end of text', 'string', withAt(tokens, marks, '<|endoftext|>')),
    list('tokens', 'a shown mark', 'string', withAt(tokens, marks, '<|channel|>')),
    list(
      'tokens',
      'numbers',
      'i32',
      tokens.map((_, id) => id),
    ),
    list('tokens', 'one less', 'string', tokens.slice(0, -1)),
    list('tokens', 'one more', 'string', [...tokens, 'more']),
    list(
      'token_type',
      'all normal',
      'i32',
      types.map(() => 1),
    ),
    ...[0, 1, 2, 3, 4, 5, 7].map((type) =>
      list('token_type', `a mark of type ${type}`, 'i32', withAt(types, marks, type)),
    ),
    ...[0, 3, 4, 5].map((type) => list('token_type', `letters of type ${type}`, 'i32', withAt(types, letter, type))),
    list('token_type', 'unsigned', 'u32', types),
    list('token_type', 'one less', 'i32', types.slice(0, -1)),
    list(
      'scores',
      'all equal',
      'f32',
      scores.map(() => 1),
    ),
    list(
      'scores',
      'turned round',
      'f32',
      scores.map((score) => -Number(score)),
    ),
    list(
      'scores',
      'integers',
      'i32',
      scores.map((score) => Math.round(Number(score))),
    ),
    list('scores', 'doubles', 'f64', scores),
    list('scores', 'one less', 'f32', scores.slice(0, -1)),
    list('merges', 'none', 'string', []),
    list('merges', 'turned round', 'string', [...merges].reverse()),
    list('merges', 'the best one again', 'string', [...merges, merges[0]!]),
    list('merges', 'one without a space', 'string', ['hello', ...merges]),
    list('merges', 'one with two spaces', 'string', ['h e l', ...merges]),
    list('merges', 'one that begins with a space', 'string', [' h e', ...merges]),
    list('merges', 'of what is no token', 'string', ['e l', 'el l', ...merges]),
    list('merges', 'numbers', 'i32', [1, 2]),
    list('suppress_tokens', 'two', 'i32', [letter, marks]),
    list('suppress_tokens', 'beyond the vocabulary', 'i32', [-1, tokens.length]),
    list('suppress_tokens', 'words', 'string', ['a']),
    list('precompiled_charsmap', 'some bytes', 'u8', [4, 0, 0, 0, 1, 2, 3, 4, 5]),
  ]
}

const named = (key: string, type: ScalarType, value: ScalarValue): VocabularyChange => ({
  name: `${key} = ${JSON.stringify(value)}`,
  key,
  type,
  value,
})

/** All changes of a vocabulary. */
export function vocabularyChanges(items: readonly MetadataItem[]): VocabularyChange[] {
  const size = (items.find(({ key }) => key === `${PREFIX}tokens`)!.value as Values).length
  const none = 0xffffffff
  return [
    ...IDS.flatMap((key) => [7, size - 2, size, none].map((id) => named(key, 'u32', id))),
    { ...named(`${PREFIX}eos_token_id`, 'i32', 7), name: `${PREFIX}eos_token_id: signed` },
    ...FLAGS.flatMap((key) => [false, true].map((value) => named(key, 'bool', value))),
    { ...named(`${PREFIX}add_bos_token`, 'u32', 0), name: `${PREFIX}add_bos_token: a number` },
    ...Object.entries(WORDS).flatMap(([key, values]) => values.map((value) => named(key, 'string', value))),
    named(`${PREFIX}token_type_count`, 'u32', 2),
    ...listChanges(items),
    ...items
      .filter(({ key }) => key.startsWith(PREFIX))
      .map(({ key, type }) => ({ name: `${key}: no such key`, key, type })),
  ]
}
