// What kind of token a token is: one byte of bits. GGUF gives each token one type; rules that go by the text of a
// token add bits to it, as llama.cpp's attributes do. Pure.

export const NORMAL = 1
export const UNKNOWN = 2
export const CONTROL = 4
export const USER_DEFINED = 8
/** Stands for one byte; its text is `<0x00>` to `<0xFF>`. */
export const BYTE = 16
/** White space before it is dropped. */
export const LSTRIP = 32
/** White space after it is dropped. */
export const RSTRIP = 64

/** Tokens that can be found in a text before it is cut into words, if special tokens are asked for. */
export const ONLY_WHEN_ASKED = UNKNOWN | CONTROL
/** Those that are found either way, too. */
export const SPECIAL = ONLY_WHEN_ASKED | USER_DEFINED

/**
 * Whether a token prints nothing. A normal token that is taken for a control token because of its text is not hidden:
 * it can come from plain text.
 */
export function isHidden(attribute: number): boolean {
  return (attribute & ONLY_WHEN_ASKED) !== 0 && (attribute & NORMAL) === 0
}

/** The tokens for which `test` holds, ascending. Counted first: an array that grows takes several times as much. */
export function tokensWhere(attributes: Uint8Array, test: (id: number) => boolean): Int32Array {
  let count = 0
  for (let id = 0; id < attributes.length; id++) if (test(id)) count++
  const ids = new Int32Array(count)
  let at = 0
  for (let id = 0; id < attributes.length; id++) if (test(id)) ids[at++] = id
  return ids
}

/** Tokens that are no plain text, whatever they print. */
export const specialTokens = (attributes: Uint8Array): Int32Array =>
  tokensWhere(attributes, (id) => (attributes[id]! & SPECIAL) !== 0)

/** Bits of the types 0 to 6 of `tokenizer.ggml.token_type`: undefined, normal, ..., unused, byte. */
const BITS_OF_TYPE = [0, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, 0, BYTE]

export function attributeOfType(type: number): number {
  return BITS_OF_TYPE[type] ?? 0
}
