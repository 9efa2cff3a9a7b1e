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

/** Tokens that print nothing, and that a text spells only where the caller asks for special tokens. */
export const HIDDEN = UNKNOWN | CONTROL
/** Tokens that can be found in a text before it is cut into words. */
export const SPECIAL = HIDDEN | USER_DEFINED

/** Bits of the types 0 to 6 of `tokenizer.ggml.token_type`: undefined, normal, ..., unused, byte. */
const BITS_OF_TYPE = [0, NORMAL, UNKNOWN, CONTROL, USER_DEFINED, 0, BYTE]

export function attributeOfType(type: number): number {
  return BITS_OF_TYPE[type] ?? 0
}
