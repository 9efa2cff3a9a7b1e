// What a session file begins with, and what it must say to be of use to a loaded model. Pure.
//
//   magic, 8 bytes | version, u32 | bytes of the header, u32 | header, JSON | SHA-256 of all before
//   tokens, i32 each | note, UTF-8 | image of K and V (kv/image.ts) | SHA-256 of all before
//
// Numbers are little-endian. The first checksum tells a damaged header from one of another model, the second covers the
// whole file. The header's counts give the size of the file, so one that was cut is known before it is read.
import { TsinferError } from '../errors.ts'
import { CONTEXT_MAX, SESSION_HEADER_BYTES_MAX, SESSION_NOTE_BYTES_MAX } from '../limits.ts'
import { quoted } from '../quoted.ts'

/** The last byte ends the file for programs that print it. */
const SESSION_MAGIC = 'tsinfer\u001a'
const FILE_VERSION = 1

export const PREFIX_BYTES = 16
export const CHECKSUM_BYTES = 32

/** The model and the form of its cells: what a file and a loaded model must have in common. */
export interface SessionModel {
  /** Name, for people. */
  readonly model: string
  /** Of the model's files: see model-digest.ts. */
  readonly digest: string
  readonly layers: number
  readonly kvHeads: number
  readonly cellTypeK: string
  readonly cellTypeV: string
  /** How K is rotated, as a digest: some models have other angles for longer contexts. */
  readonly rotations: string
  /** Bytes of K and V per token. */
  readonly tokenBytes: number
}

export interface SessionHeader extends SessionModel {
  readonly tokens: number
  readonly noteBytes: number
}

const COMMON: readonly (readonly [field: keyof SessionModel, name: string])[] = [
  ['layers', 'layers'],
  ['kvHeads', 'KV heads'],
  ['cellTypeK', 'K cells'],
  ['cellTypeV', 'V cells'],
  ['rotations', "rotations of this context's length:"],
  ['tokenBytes', 'bytes per token'],
]

/** Prefix and header, without the checksum behind them. */
export function encodeHeader(header: SessionHeader): Uint8Array<ArrayBuffer> {
  const utf8 = new TextEncoder()
  const json = utf8.encode(JSON.stringify(header))
  const bytes = new Uint8Array(PREFIX_BYTES + json.length)
  const view = new DataView(bytes.buffer)
  bytes.set(utf8.encode(SESSION_MAGIC))
  view.setUint32(8, FILE_VERSION, true)
  view.setUint32(12, json.length, true)
  bytes.set(json, PREFIX_BYTES)
  return bytes
}

/** Bytes of the whole file. */
export function sessionFileBytes(headerBytes: number, { tokens, noteBytes, tokenBytes }: SessionHeader): number {
  return PREFIX_BYTES + headerBytes + CHECKSUM_BYTES + tokens * (4 + tokenBytes) + noteBytes + CHECKSUM_BYTES
}

/** Everything that can be wrong with the file `name`: one code, one line. */
export const sessionFault = (name: string, expected: string, found: string): TsinferError =>
  new TsinferError('session_invalid', `${name}: expected ${expected}, found ${found}`)

/** The bytes of the header that follows the prefix. `bytes`: of the file. */
export function readPrefix(name: string, prefix: Uint8Array, bytes: number): number {
  const magic = Uint8Array.from(SESSION_MAGIC, (letter) => letter.charCodeAt(0))
  const same = magic.findIndex((byte, i) => byte !== prefix[i])
  if (same >= 0 && same < Math.min(prefix.length, magic.length)) {
    throw sessionFault(name, 'a session that tsinfer saved', 'another file')
  }
  if (prefix.length < PREFIX_BYTES) throw cut(name, PREFIX_BYTES, bytes)
  const view = new DataView(prefix.buffer, prefix.byteOffset)
  const version = view.getUint32(8, true)
  if (version !== FILE_VERSION) throw sessionFault(name, `version ${FILE_VERSION}`, `version ${version}`)
  const headerBytes = view.getUint32(12, true)
  if (headerBytes > SESSION_HEADER_BYTES_MAX) throw damaged(name, 'a header')
  const least = PREFIX_BYTES + headerBytes + CHECKSUM_BYTES
  if (bytes < least) throw cut(name, least, bytes)
  return headerBytes
}

/** The header in `json`, whose checksum is right, of a file of `bytes`. */
export function readSessionHeader(name: string, json: Uint8Array, bytes: number): SessionHeader {
  let header: SessionHeader | null
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    header = null
  }
  if (header === null || !isSound(header)) throw damaged(name, 'a header')
  const whole = sessionFileBytes(json.length, header)
  if (bytes < whole) throw cut(name, whole, bytes)
  if (bytes > whole) throw sessionFault(name, `a file of ${whole} bytes`, `one of ${bytes} bytes`)
  return header
}

/** Throws `session_invalid` unless the session was saved with this model and this form of cells. */
export function checkModel(name: string, header: SessionHeader, model: SessionModel): void {
  const shown = (of: SessionModel) => `${quoted(of.model)} (${of.digest.slice(0, 8)})`
  if (header.digest !== model.digest) {
    throw sessionFault(name, `a session of the model ${shown(model)}`, `one of ${shown(header)}`)
  }
  for (const [field, what] of COMMON) {
    if (header[field] !== model[field]) throw sessionFault(name, `${what} ${model[field]}`, `${header[field]}`)
  }
}

const cut = (name: string, whole: number, bytes: number): TsinferError =>
  sessionFault(name, `a whole session of at least ${whole} bytes`, `a file that was cut to ${bytes} bytes`)

/** A part of the file is not what was written. */
export const damaged = (name: string, part: string): TsinferError =>
  sessionFault(name, `${part} as it was saved`, 'a wrong checksum: the file is damaged')

function isSound(header: SessionHeader): boolean {
  const { model, digest, cellTypeK, cellTypeV, rotations, layers, kvHeads, tokenBytes, tokens, noteBytes } = header
  const texts = [model, digest, cellTypeK, cellTypeV, rotations]
  const counts = [layers, kvHeads, tokenBytes, tokens, noteBytes]
  return (
    texts.every((text) => typeof text === 'string') &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    tokens <= CONTEXT_MAX &&
    noteBytes <= SESSION_NOTE_BYTES_MAX &&
    tokenBytes <= Number.MAX_SAFE_INTEGER / CONTEXT_MAX / 2
  )
}
