// How byte-pair encoders cut a text into words before merging: `tokenizer.ggml.pre` names a list of regular
// expressions, applied one after the other, each to the pieces the one before has left. Names and expressions are
// those of llama.cpp (llama-vocab.cpp), which are the models' own but for these differences, kept here because the
// ids must be equal:
// - where a class lists its characters, white space beyond ASCII is never one of them (llama.cpp replaces it first);
// - `~` is no symbol (\p{S}) in an expression that names symbols;
// - upper and lower case are told apart in ASCII letters only.
// The notation is Oniguruma's, as in a tokenizer.json: @huggingface/tokenizers translates it. Pure.
import { TsinferError } from '../engine/errors.ts'

export interface PreTokenizer {
  readonly expressions: readonly string[]
  /** A word that is a token by itself is taken whole, even where no merges lead to it. */
  readonly ignoreMerges?: true
  /** The model wants a BOS where the file does not say. */
  readonly addBos?: true
  readonly noDefaultBos?: true
}

const CONTRACTION = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
const WORD = '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+'
const OTHERS = ' ?[^\\s\\p{L}\\p{N}]+'

const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|${OTHERS}|\\s+(?!\\S)|\\s+`
/** Digits in threes. */
const LLAMA3 = `(?:${CONTRACTION})|${WORD}|\\p{N}{1,3}|${OTHERS}[\\r\\n]*|${SPACES}`
/** Single digits. */
const QWEN2 = `(?:${CONTRACTION})|${WORD}|\\p{N}|${OTHERS}[\\r\\n]*|${SPACES}`
const THREE_DIGITS = '[0-9][0-9][0-9]'

const UPPER = '[\\p{L}&&[^a-z]]'
const LOWER = '[\\p{L}&&[^A-Z]]'
/** Words that a change of case ends; `suffix` may follow a word, `digits` is how numbers are cut. */
function casedWords(suffix: string, digits: string): string {
  const start = '[^\\r\\n\\p{L}\\p{N}]?'
  return [
    `${start}${UPPER}*${LOWER}+${suffix}`,
    `${start}${UPPER}+${LOWER}*${suffix}`,
    digits,
    `${OTHERS}[\\r\\n/]*`,
    SPACES,
  ].join('|')
}

/** Cased letters of the scripts that DeepSeek LLM knows. */
const DEEPSEEK_LETTERS = [
  'A-Za-z\\u00b5\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u01ba\\u01bc-\\u01bf\\u01c4-\\u0293\\u0295-\\u02af',
  '\\u0370-\\u0373\\u0376\\u0377\\u037b-\\u037d\\u037f\\u0386\\u0388-\\u038a\\u038c\\u038e-\\u03a1',
  '\\u03a3-\\u03f5\\u03f7-\\u0481\\u048a-\\u052f\\u0531-\\u0556\\u10a0-\\u10c5\\u13a0-\\u13f5\\u13f8-\\u13fd',
  '\\u1c90-\\u1cba\\u1cbd-\\u1cbf\\u1d00-\\u1d2b\\u1d6b-\\u1d77\\u1d79-\\u1d9a\\u1e00-\\u1f15\\u1f18-\\u1f1d',
  '\\u1f20-\\u1f45\\u1f48-\\u1f4d\\u1f50-\\u1f57\\u1f59\\u1f5b\\u1f5d\\u1f5f-\\u1f7d\\u1f80-\\u1fb4',
  '\\u1fb6-\\u1fbc\\u1fbe\\u1fc2-\\u1fc4\\u1fc6-\\u1fcc\\u1fd0-\\u1fd3\\u1fd6-\\u1fdb\\u1fe0-\\u1fec',
  '\\u1ff2-\\u1ff4\\u1ff6-\\u1ffc\\u2102\\u2107\\u210a-\\u2113\\u2115\\u2119-\\u211d\\u2124\\u2126\\u2128',
  '\\u212a-\\u212d\\u212f-\\u2134\\u2139\\u213c-\\u213f\\u2145-\\u2149\\u214e\\u2183\\u2184\\u2c00-\\u2c7b',
  '\\u2c7e-\\u2ce4\\u2ceb-\\u2cee\\u2cf2\\u2cf3\\ua640-\\ua66d\\ua680-\\ua69b\\ua722-\\ua76f\\ua771-\\ua787',
  '\\ua78b-\\ua78e\\uab70-\\uabbf\\ufb00-\\ufb06\\ufb13-\\ufb17\\uff21-\\uff3a\\uff41-\\uff5a',
  '\\u{10400}-\\u{1044f}\\u{104b0}-\\u{104d3}\\u{104d8}-\\u{104fb}\\u{10c80}-\\u{10cb2}\\u{10cc0}-\\u{10cf2}',
  '\\u{118a0}-\\u{118df}\\u{1e900}-\\u{1e943}',
].join('')
/** U+0800 to U+9FA5 and the Hangul syllables with what follows them, without white space. */
const DEEPSEEK_CJK =
  '[\\u0800-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff\\u3001-\\u9fa5\\uac00-\\ud7ff]+'

const DEEPSEEK_LLM = [
  '[\\r\\n]',
  `\\s?[${DEEPSEEK_LETTERS}]+`,
  '\\s?[!-/:-~\\uff01-\\uff0f\\uff1a-\\uff5e\\u2018-\\u201f\\u3001\\u3002]+',
  '\\s+$',
  DEEPSEEK_CJK,
  '\\p{N}+',
]
const DEEPSEEK_CODER = ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', DEEPSEEK_CJK, '\\p{N}']
const SYMBOL = '[\\p{P}\\p{S}&&[^~]]'
const DEEPSEEK_V3 = [
  '\\p{N}{1,3}',
  '[\\u4e00-\\u9fa5\\u3040-\\u309f\\u30a0-\\u30ff]+',
  [
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+',
    '(?:~|[^\\r\\n\\p{L}\\p{P}\\p{S}])?[\\p{L}\\p{M}]+',
    ` ?${SYMBOL}+[\\r\\n]*`,
    SPACES,
  ].join('|'),
]
const FALCON = ['[\\p{P}$+<=>^~|`]+', GPT2, THREE_DIGITS]
const BLOOM = ' ?[^(\\s|.,!?\\u2026\\u3002\\uff0c\\u3001\\u0964\\u06d4\\u060c)]+'

const DEFAULT: PreTokenizer = { expressions: ['[\\p{P}$+<=>^~|]+', GPT2, '\\p{N}+', THREE_DIGITS] }

/** Names that share a pre-tokenizer, separated by spaces. */
const TABLE: readonly (readonly [names: string, preTokenizer: PreTokenizer])[] = [
  ['default', DEFAULT],
  [
    'gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 gigachat jina-es jina-de jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert',
    { expressions: [GPT2] },
  ],
  [
    'llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano',
    { expressions: [LLAMA3], ignoreMerges: true, addBos: true },
  ],
  ['dbrx smaug-bpe', { expressions: [LLAMA3] }],
  ['chatglm-bpe glm4', { expressions: [LLAMA3], noDefaultBos: true }],
  ['qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2', { expressions: [QWEN2] }],
  [
    'qwen35',
    {
      expressions: [
        `(?:${CONTRACTION})|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${SPACES}`,
      ],
    },
  ],
  ['deepseek-llm', { expressions: DEEPSEEK_LLM }],
  ['deepseek-coder', { expressions: DEEPSEEK_CODER }],
  ['deepseek-v3 hunyuan-dense joyai-llm hy_v4', { expressions: DEEPSEEK_V3 }],
  ['falcon', { expressions: FALCON }],
  ['smollm starcoder refact command-r codeshell exaone minerva-7b mellum2', { expressions: ['\\p{N}', GPT2] }],
  ['tekken', { expressions: [casedWords('', '\\p{N}')], ignoreMerges: true, addBos: true }],
  ['gpt-4o llama4 kanana2 talkie minimax-m2', { expressions: [casedWords(`(?:${CONTRACTION})?`, '\\p{N}{1,3}')] }],
  ['poro-chat bloom gpt3-finnish', { expressions: [BLOOM] }],
  ['viking', { expressions: [BLOOM, '\\p{N}'] }],
  [
    'bailingmoe bailingmoe2 llada-moe',
    {
      expressions: [
        `'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|${WORD}|\\p{N}|${OTHERS}[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+`,
      ],
    },
  ],
  ['seed-coder', { expressions: [`(?:${CONTRACTION})|${WORD}|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|${SPACES}`] }],
]

const BY_NAME = new Map(TABLE.flatMap(([names, preTokenizer]) => names.split(' ').map((name) => [name, preTokenizer])))

/**
 * @param name undefined or empty where the file names none: the default, as llama.cpp does
 * @throws TsinferError `tokenizer_unsupported` for an unknown name
 */
export function preTokenizerOf(name: string | undefined): PreTokenizer {
  if (name === undefined || name === '') return DEFAULT
  const preTokenizer = BY_NAME.get(name)
  if (preTokenizer !== undefined) return preTokenizer
  throw new TsinferError(
    'tokenizer_unsupported',
    `tokenizer.ggml.pre: expected a known pre-tokenizer, found ${JSON.stringify(name)}; ` +
      'the option tokenizerPre names one to use instead (llama-bpe, qwen2, gpt-2, ...)',
  )
}
