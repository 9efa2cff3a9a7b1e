// Reads the numbers and strings of a GGUF header in file order through a window of bounded size. Every read is checked
// against the end of the file first, and every count and length against a limit, so nothing is allocated on the word of
// the file alone.
import { TsinferError } from '../errors.ts'
import { HEADER_BYTES_MAX, STRING_BYTES_MAX } from '../limits.ts'
import type { ByteSource } from './source.ts'

const READ_BYTES = 2 ** 16
const text = new TextDecoder('utf-8', { ignoreBOM: true })

export class HeaderCursor {
  readonly #source: ByteSource
  /** End of what the header may cover. */
  readonly #end: number
  #window: Uint8Array
  #view: DataView
  /** File offset of the window's first byte. */
  #windowOffset = 0
  /** Bytes of the window that hold file content. */
  #filled = 0
  /** Next byte to read, relative to the window. */
  #at = 0
  /** Whether counts and lengths are 64-bit (from version 2 on) or 32-bit. */
  wide = true

  constructor(source: ByteSource) {
    this.#source = source
    this.#end = Math.min(source.bytes, HEADER_BYTES_MAX)
    this.#window = new Uint8Array(Math.min(READ_BYTES, this.#end))
    this.#view = new DataView(this.#window.buffer)
  }

  /** File offset of the next byte. */
  get offset(): number {
    return this.#windowOffset + this.#at
  }

  /** Bytes left in the file (or below the header's limit). */
  get remaining(): number {
    return this.#end - this.offset
  }

  fail(message: string): never {
    throw new TsinferError('gguf_invalid', `${this.#source.name}: ${message}`)
  }

  u8(what: string): number {
    this.#need(1, what)
    return this.#view.getUint8(this.#at++)
  }

  u32(what: string): number {
    this.#need(4, what)
    this.#at += 4
    return this.#view.getUint32(this.#at - 4, true)
  }

  u64(what: string): bigint {
    this.#need(8, what)
    this.#at += 8
    return this.#view.getBigUint64(this.#at - 8, true)
  }

  /** The next `bytes` (at most 8) for a number of a type the caller knows. */
  number(bytes: number, what: string, read: (view: DataView, at: number) => number | bigint): number | bigint {
    this.#need(bytes, what)
    this.#at += bytes
    return read(this.#view, this.#at - bytes)
  }

  /** A count or length in the file's width, at most `max`. */
  size(what: string, max: number): number {
    const value = this.wide ? this.u64(what) : BigInt(this.u32(what))
    if (value > BigInt(max)) this.fail(`${what}: expected at most ${max}, found ${value}`)
    return Number(value)
  }

  /** A length-prefixed string of at most `bytesMax` bytes; bytes that are not UTF-8 become U+FFFD. */
  string(what: string, bytesMax: number): string {
    const bytes = this.size(`length of ${what}`, bytesMax)
    this.#need(bytes, what)
    this.#at += bytes
    return text.decode(this.#window.subarray(this.#at - bytes, this.#at))
  }

  /** Steps over `bytes` without reading them. */
  skip(bytes: number, what: string): void {
    if (bytes > this.remaining) this.#endOfFile(bytes, what)
    this.#at += bytes
    if (this.#at > this.#filled) {
      this.#windowOffset += this.#at
      this.#filled = 0
      this.#at = 0
    }
  }

  /** Steps over `count` length-prefixed strings, checking each length. */
  skipStrings(count: number, what: string): void {
    const prefixBytes = this.wide ? 8 : 4
    for (let i = 0; i < count; i++) {
      if (this.#at + prefixBytes > this.#filled) this.#need(prefixBytes, what)
      const high = this.wide ? this.#view.getUint32(this.#at + 4, true) : 0
      const bytes = high * 2 ** 32 + this.#view.getUint32(this.#at, true)
      if (bytes > STRING_BYTES_MAX) {
        this.fail(`length of element ${i} of ${what}: expected at most ${STRING_BYTES_MAX}, found ${bytes}`)
      }
      if (this.#at + prefixBytes + bytes <= this.#filled) this.#at += prefixBytes + bytes
      else this.skip(prefixBytes + bytes, `element ${i} of ${what}`)
    }
  }

  /** Makes the next `bytes` available in the window. */
  #need(bytes: number, what: string): void {
    if (this.#at + bytes <= this.#filled) return
    if (bytes > this.remaining) this.#endOfFile(bytes, what)
    const offset = this.offset
    if (bytes > this.#window.length) {
      this.#window = new Uint8Array(bytes)
      this.#view = new DataView(this.#window.buffer)
    }
    this.#filled = Math.min(this.#window.length, this.#end - offset)
    this.#windowOffset = offset
    this.#at = 0
    this.#source.readInto(this.#window.subarray(0, this.#filled), offset)
  }

  #endOfFile(bytes: number, what: string): never {
    const limited = this.#end < this.#source.bytes ? ' below the limit for headers' : ''
    this.fail(`${what}: expected ${bytes} more bytes at offset ${this.offset}, found ${this.remaining}${limited}`)
  }
}
