// Texts as an attacker writes them into files: controls, direction marks, lines that look like ours.
import fc from 'fast-check'

/** A character that steers a terminal, begins a line or turns one round. */
export const STEERS: RegExp = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

const PIECES = [
  '\nrunnable: yes\n',
  '\r\u001b[2K',
  '\u001b]0;title\u0007',
  '\u001b]52;c;cm0gLXJm\u001b\\',
  '\u009b31m',
  '\u202e',
  '\u2066',
  '\u200f',
  '\u2028',
  '\ud800',
  '\u0000',
  '\u007f',
  '\ttab',
  ' '.repeat(100),
  'plain',
  '日本',
]

export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 12 })
  .map((pieces) => pieces.join(''))
