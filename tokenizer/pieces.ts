// What a token prints, as bytes. Pure.
import { TsinferError } from '../engine/errors.ts'
import { quoted } from '../engine/quoted.ts'
import type { ByteStrings } from './byte-strings.ts'
import { BYTE, isHidden, NORMAL, USER_DEFINED } from './token-attributes.ts'

/**
 * Byte-level BPE writes each byte as a printable character: those of Latin-1 that are visible stand for themselves, the
 * other 68 bytes for U+0100 and on, in order (GPT-2's bytes_to_unicode).
 */
export const CODE_OF_BYTE: Uint16Array = makeCodes()
/** The inverse, -1 for characters that stand for no byte. */
const BYTE_OF_CODE: Int16Array = invert(CODE_OF_BYTE)

function makeCodes(): Uint16Array {
  const codes = new Uint16Array(256)
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    codes[byte] = visible ? byte : next++
  }
  return codes
}

function invert(codes: Uint16Array): Int16Array {
  const bytes = new Int16Array(0x800).fill(-1)
  for (let byte = 0; byte < codes.length; byte++) bytes[codes[byte]!] = byte
  return bytes
}

/** How normal tokens spell their text: as it is but for its spaces, or in the byte alphabet. */
export type Spelling = 'characters' | 'bytes'

/** SentencePiece writes a space so, in UTF-8 E2 96 81. */
export const ESCAPED_SPACE = '\u2581'

/** Writes what tokens print, one after the other; never more bytes than their texts have. */
export class PieceWriter {
  readonly #spelling: Spelling
  readonly #texts: ByteStrings
  readonly #target: Uint8Array
  #at = 0

  constructor(spelling: Spelling, texts: ByteStrings, target: Uint8Array) {
    this.#spelling = spelling
    this.#texts = texts
    this.#target = target
  }

  /**
   * Writes what token `id` prints, and returns where that ends.
   * @throws TsinferError `tokenizer_invalid` for a byte token that names no byte
   */
  write(id: number, attribute: number): number {
    if (isHidden(attribute)) return this.#at
    const { bytes, offsets } = this.#texts
    const start = offsets[id]!
    const end = offsets[id + 1]!
    if (attribute & NORMAL) {
      if (this.#spelling === 'characters') this.#unescapeSpaces(start, end)
      else this.#decodeBytes(start, end)
    } else if (attribute & USER_DEFINED) this.#copy(start, end)
    else if (attribute & BYTE) this.#put(byteNamedBy(bytes.subarray(start, end), id))
    return this.#at
  }

  #put(byte: number): void {
    this.#target[this.#at++] = byte
  }

  #copy(start: number, end: number): void {
    const { bytes } = this.#texts
    for (let i = start; i < end; i++) this.#put(bytes[i]!)
  }

  #unescapeSpaces(start: number, end: number): void {
    const { bytes } = this.#texts
    for (let i = start; i < end; i++) {
      if (bytes[i] === 0xe2 && i + 2 < end && bytes[i + 1] === 0x96 && bytes[i + 2] === 0x81) {
        this.#put(0x20)
        i += 2
      } else this.#put(bytes[i]!)
    }
  }

  /** Characters outside the byte alphabet, which no encoder produces, are kept as they are. */
  #decodeBytes(start: number, end: number): void {
    const { bytes } = this.#texts
    for (let i = start; i < end; i++) {
      const lead = bytes[i]!
      const twoBytes = lead >= 0xc2 && lead < 0xe0 && i + 1 < end
      const code = twoBytes ? ((lead & 0x1f) << 6) | (bytes[i + 1]! & 0x3f) : lead
      const byte = lead < 0x80 || twoBytes ? BYTE_OF_CODE[code]! : -1
      this.#put(byte < 0 ? lead : byte)
      if (byte >= 0 && twoBytes) i++
    }
  }
}

function byteNamedBy(text: Uint8Array, id: number): number {
  const spelled = String.fromCharCode(...text.subarray(0, 16))
  const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(spelled)?.[1]
  if (hex !== undefined && text.length === 6) return Number.parseInt(hex, 16)
  throw new TsinferError(
    'tokenizer_invalid',
    `tokenizer.ggml.tokens: expected <0x00> to <0xFF> for byte token ${id}, found ${quoted(spelled)}`,
  )
}
