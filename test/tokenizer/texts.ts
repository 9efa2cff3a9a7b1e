// Random texts with what tokenizers get wrong.
import fc from 'fast-check'

const AWKWARD = [
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\n\n\n',
  '\t',
  '\u00a0',
  '\u0085',
  '\u2003',
  '\u3000',
  '\u200b',
  '\ufeff',
  '\u0000',
  '\u001c',
  '\u007f',
  "'s",
  "'LL",
  '’t',
  '1',
  '12345',
  '٣',
  '½',
  'Ⅷ',
  '中文',
  'ひらがな',
  '한국어',
  'é',
  'e\u0301',
  'Ünïcödé',
  'ÅNGSTRÖM',
  'नमस्ते',
  'ไทย',
  'العربية',
  '🚀',
  '👩‍👩‍👧',
  '🇩🇪',
  '\ud83d',
  '\ude00',
  '\ufffd',
  '𝒳',
  '\u{31350}',
  '\u{323b0}',
  '\u0378',
  '<s>',
  '</s>',
  '<0x0A>',
  '<0xZZ>',
  '<|endoftext|>',
  '▁',
  '~',
  '...',
  '!!',
  '$+<=>^`|',
  '__proto__',
  'constructor',
] as const

export const awkwardText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...AWKWARD) },
      { weight: 3, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 8 }) },
      { weight: 2, arbitrary: fc.lorem({ maxCount: 4 }) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(' ', '\n', 'a', '中', '!'), fc.nat(40)).map(([c, n]) => c.repeat(n)),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

/** Lone surrogates become U+FFFD. */
export function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))
}
