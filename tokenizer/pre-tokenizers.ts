// How byte-pair encoders cut a text into words before merging: `tokenizer.ggml.pre` names a list of regular
// expressions, applied one after the other, each to the pieces the one before has left. Names and expressions are
// those of llama.cpp (llama-vocab.cpp, unicode.cpp), which are the models' own but for these differences, kept here
// because the ids must be equal:
// - where a class lists its characters, white space beyond ASCII is never one of them (llama.cpp replaces it first);
// - upper and lower case are told apart in ASCII letters only, or not at all where the classes name \p{Lu} and \p{Ll}.
// The notation is Oniguruma's, as in a tokenizer.json: @huggingface/tokenizers translates it. Every expression takes
// time that grows with the text alone: a run is never read again from one of its later characters. Pure.
import { TsinferError } from '../engine/errors.ts'
import { quoted } from '../engine/quoted.ts'
import { cutAsciiThrees, cutNumberThrees, type WordCut } from './digit-groups.ts'
import { CJK_AND_THAI, CJK_PUNCTUATION, DEEPSEEK_CJK, DEEPSEEK_LETTERS, HAN, HAN_AND_KANA } from './scripts.ts'

export interface PreTokenizer {
  readonly expressions: readonly WordCut[]
  /** A word that is a token by itself is taken whole, even where no merges lead to it. */
  readonly ignoreMerges?: true
  /** The model wants a BOS where the file does not say. */
  readonly addBos?: true
  /** The model wants a BOS whatever the file says. */
  readonly forcesBos?: true
  readonly noDefaultBos?: true
  /** Words are made of characters with a space written as U+2581, not of the byte alphabet. */
  readonly rawCharacters?: true
  /** A word of newlines that is a token is taken whole. */
  readonly wholeNewlines?: true
  /** A file without merges is sound. */
  readonly mergesOptional?: true
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

/** Words that a change of case ends; `suffix` may follow a word, `digits` is how numbers are cut. */
function casedWords(suffix: string, digits: string, letter = '\\p{L}'): string {
  const upper = `[${letter}&&[^a-z]]`
  const lower = `[${letter}&&[^A-Z]]`
  const start = '[^\\r\\n\\p{L}\\p{N}]?'
  return [
    `${start}${upper}*${lower}+${suffix}`,
    `${start}${upper}+${lower}*${suffix}`,
    digits,
    `${OTHERS}[\\r\\n/]*`,
    SPACES,
  ].join('|')
}

/** Words of letters and marks of any case. */
function markedWords(digits: string): string {
  return `[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+(?:${CONTRACTION})?|${digits}|${OTHERS}[\\r\\n/]*|${SPACES}`
}

const DEEPSEEK_LLM = [
  '[\\r\\n]',
  `\\s?[${DEEPSEEK_LETTERS}]+`,
  '\\s?[!-/:-~\\uff01-\\uff0f\\uff1a-\\uff5e\\u2018-\\u201f\\u3001\\u3002]+',
  '(?<!\\s)\\s+$',
  DEEPSEEK_CJK,
  '\\p{N}+',
]
const DEEPSEEK_CODER = ['[\\r\\n]', '\\s?\\p{L}+', '\\s?\\p{P}+', DEEPSEEK_CJK, '\\p{N}']
/** Letters behind an ASCII sign, letters with marks, symbols; `spaces` is how white space is cut. */
function signedWords(afterSymbols: string, spaces: string): string {
  return [
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+',
    '[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+',
    ` ?[\\p{P}\\p{S}]+${afterSymbols}`,
    spaces,
  ].join('|')
}
const SYMBOL_WORDS = signedWords('[\\r\\n]*', SPACES)
const DEEPSEEK_V3 = ['\\p{N}{1,3}', HAN_AND_KANA, SYMBOL_WORDS]
const SPARK = ['\\p{N}{1,3}', HAN_AND_KANA, signedWords('', '[\\r\\n]|\\s+(?!\\S)|\\s+'), '\\p{N}']
/** White space without newlines in powers of two; a run without a newline is not searched for one again. */
const JAIS2_SPACES = [
  '(?<![^\\S\\r\\n])\\s*[\\r\\n]+',
  ...[512, 256, 128, 64, 32, 16, 8, 4].map((count) => `\\s{${count}}(?!\\S)`),
  '\\s{1,2}(?!\\S)|\\s',
].join('|')
const KIMI_K2 = [
  `[${HAN}]+`,
  `[^\\r\\n\\p{L}\\p{N}]?[\\p{L}&&[^${HAN}]]+(?:${CONTRACTION})?`,
  '\\p{N}{1,3}',
  `${OTHERS}[\\r\\n]*`,
  SPACES,
].join('|')
const CHAMELEON = [
  '<sentinel:[0-9]+>',
  'IMGIMG[A-I]{1,4}Z',
  '[\\t\\n]|    |  ',
  '\\p{N}',
  '[\\p{P}!-/:-@\\[-`{-~]',
  GPT2,
]
/** Letters with their marks, and single spaces between letters. */
const EXAONE_MOE = [
  `(?:${CONTRACTION})`,
  '[^\\r\\n\\p{L}\\p{N}]?\\p{L}\\p{M}*(?: ?\\p{L}\\p{M}*)*',
  '\\p{N}',
  `${OTHERS}[\\r\\n/]?`,
  '\\s*[\\r\\n]|\\s+(?!\\S)|\\s+',
].join('|')
const LINES = '[^\\n]+|\\n+'
const FALCON = ['[\\p{P}$+<=>^~|`]+', GPT2, THREE_DIGITS]
const BLOOM = ' ?[^(\\s|.,!?\\u2026\\u3002\\uff0c\\u3001\\u0964\\u06d4\\u060c)]+'

const DEFAULT: PreTokenizer = { expressions: ['[\\p{P}$+<=>^~|]+', GPT2, '\\p{N}+', THREE_DIGITS] }

/** Names that share a pre-tokenizer, separated by spaces. */
const TABLE: readonly (readonly [names: string, preTokenizer: PreTokenizer])[] = [
  ['default', DEFAULT],
  [
    'gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 gigachat jina-es jina-de jina-v2-es jina-v2-de jina-v1-en jina-v2-code roberta-bpe a.x-4.0 mellum modern-bert',
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
  ['spark2_5', { expressions: SPARK }],
  ['afmoe', { expressions: [cutNumberThrees, CJK_AND_THAI, SYMBOL_WORDS] }],
  ['jais-2', { expressions: [`(?:${CONTRACTION})|${WORD}|\\p{N}{1,3}|${OTHERS}[\\r\\n]*|${JAIS2_SPACES}`] }],
  ['minicpm5', { expressions: ['\\p{N}{1,3}', LLAMA3.replace('{1,3}', '+')], ignoreMerges: true }],
  ['youtu', { expressions: [CJK_PUNCTUATION, markedWords('\\p{N}')], ignoreMerges: true }],
  ['tiny_aya cohere2moe', { expressions: [cutNumberThrees, markedWords('\\p{N}{1,3}')] }],
  ['superbpe', { expressions: ['\\p{N}+', cutAsciiThrees] }],
  ['kimi-k2', { expressions: [KIMI_K2], mergesOptional: true }],
  ['chameleon', { expressions: CHAMELEON, addBos: true }],
  ['exaone-moe', { expressions: [EXAONE_MOE] }],
  ['laguna', { expressions: [LINES, QWEN2] }],
  ['ufakzeka', { expressions: [QWEN2.replace(`(?:${CONTRACTION})|`, '')] }],
  [
    'gemma4 granite-embed-multi-311m',
    { expressions: [LINES], rawCharacters: true, wholeNewlines: true, forcesBos: true },
  ],
  ['sarvam-moe', { expressions: [LINES], rawCharacters: true }],
  ['falcon', { expressions: FALCON }],
  ['smollm starcoder refact command-r codeshell exaone minerva-7b mellum2', { expressions: ['\\p{N}', GPT2] }],
  ['tekken', { expressions: [casedWords('', '\\p{N}')], ignoreMerges: true, addBos: true }],
  ['gpt-4o llama4 kanana2 talkie minimax-m2', { expressions: [casedWords(`(?:${CONTRACTION})?`, '\\p{N}{1,3}')] }],
  [
    'granite-embed-multi-97m',
    { expressions: [casedWords(`(?:${CONTRACTION})?`, '\\p{N}{1,3}', '\\p{L}\\p{M}')], ignoreMerges: true },
  ],
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

/** Every name, those of the same pre-tokenizer together. */
export const PRE_TOKENIZER_NAMES: readonly (readonly string[])[] = TABLE.map(([names]) => names.split(' '))

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
    `tokenizer.ggml.pre: expected a known pre-tokenizer, found ${quoted(name)}; ` +
      'the option tokenizerPre names one to use instead (llama-bpe, qwen2, gpt-2, ...)',
  )
}
