// Tokenizers that are compared with llama.cpp beyond the vocabularies it publishes ids for: other ways of cutting words,
// and SentencePiece as Gemma uses it.
import { vocabularyMetadata } from '../forge/vocabulary.ts'

/** Ids of `TOKEN_TEXTS` in their order, without BOS; control tokens are taken for what they are. */
export interface TokenFixture {
  readonly oracle: string
  /** By the first name of each pre-tokenizer, with the vocabulary of GPT-2. */
  readonly pre: Readonly<Record<string, readonly (readonly number[])[]>>
  readonly gemma: readonly (readonly number[])[]
  readonly gemma4: readonly (readonly number[])[]
}

export const TOKEN_TEXTS: readonly string[] = [
  'Hello world',
  ' Hello  world   !',
  "I'm sure you'LL see, they've WON'T it's",
  '3.14159 12345678 1,000,000 v2x10',
  'a\nb\n\nc\r\n\r\n  d\t\te   ',
  '    indented\n        twice\n\n\n',
  'CamelCase HTMLParser iPhone mcDonald ABCdef',
  'Ünïcödé Straße naïve e\u0301 ÅNGSTRÖM',
  '中文字符和English混合 ひらがな カタカナ 한국어',
  'नमस्ते ไทย العربية עברית Ελληνικά русский',
  '🚀👩‍👩‍👧🇩🇪 😀!',
  '... !!! ?!? -- ~~ $+<=>^`| (a)[b]{c}',
  '/usr/local/bin C:\\dir https://x.org/?q=1&r=2',
  'x = y**2 // 3; if (a != b) { return "q" }',
  '½ Ⅷ ٣٤ ²³',
  '\u00a0\u2003\u3000wide\u200bspace',
  '<s>text</s> <b>bold</b> ▁▁',
  '<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n',
  '<|endoftext|>next',
  '\n\n  \n\n\tx',
  'a~~b ~a ~ .b _b #b #中 +a ~\n',
  '1 12 123 1234 abc12345 x1234567y 123½4567 ١٢٣٤٥ 12٣4567',
  'HELLOworld ÀÉa ǅa ʰa ИВАНов',
  "don't DON'T l'été rock'n'roll x'Re",
  'a\u0301b e\u0301\u0301 \u0301a 1\u0301 !\u0301',
  'x/y//z/\n/ !!\n\n x \r\n\r\n  y   ',
  '\t\t\tx  \n  a b  c d',
  '㐀\u{20000}豈漢字カナかな ㄅㄆ ㅎㅏ！…“”：、。〇〿︰x',
  'ສະບາຍດີ ကမ္မ កម្ពុជា 가나다ㄱ',
  'IMGIMGAAZ<sentinel:12>IMGIMGABCDEZ',
  `${' '.repeat(700)}x${' '.repeat(9)}\n${' '.repeat(6)}y`,
  '\u0085 \ufeff\u200d\u00ad\u0378\u{1d49c}',
]

/** Metadata of a small vocabulary with what is special about Gemma's: no space before a text, white space as tokens. */
export function gemmaMetadata() {
  const special = [
    ['\n\n', USER_DEFINED],
    ['▁▁', USER_DEFINED],
    ['▁▁▁▁', USER_DEFINED],
    ['<start_of_turn>', CONTROL],
    ['<end_of_turn>', CONTROL],
    ['\t', USER_DEFINED],
    ['<b>', USER_DEFINED],
  ] as const
  const first = 512 - special.length
  const items = vocabularyMetadata(512).map((item) => {
    const put = (column: 0 | 1) =>
      (item.value as readonly (string | number)[]).map((value, id) => special[id - first]?.[column] ?? value)
    if (item.key === 'tokenizer.ggml.tokens') return { ...item, value: put(0) }
    return item.key === 'tokenizer.ggml.token_type' ? { ...item, value: put(1) } : item
  })
  return [...items, { key: 'tokenizer.ggml.add_space_prefix', type: 'bool', value: false } as const]
}

/** The same vocabulary as byte-pair encoding over characters, the way of Gemma 4: merges in place of scores. */
export function gemma4Metadata() {
  const items = gemmaMetadata().filter(({ key }) => !/scores|tokenizer\.ggml\.model/.test(key))
  const tokens = items.find(({ key }) => key === 'tokenizer.ggml.tokens')!.value as readonly string[]
  const merges = tokens.flatMap((token) => {
    const half = Array.from({ length: token.length - 1 }, (_, i) => token.length - 1 - i)
    const at = half.find((end) => tokens.includes(token.slice(0, end)) && tokens.includes(token.slice(end)))
    return at === undefined || /[ \n]/.test(token) ? [] : [`${token.slice(0, at)} ${token.slice(at)}`]
  })
  return [
    ...items,
    { key: 'tokenizer.ggml.model', type: 'string', value: 'gemma4' } as const,
    { key: 'tokenizer.ggml.merges', type: 'string', value: merges } as const,
  ]
}

const CONTROL = 3
const USER_DEFINED = 4
