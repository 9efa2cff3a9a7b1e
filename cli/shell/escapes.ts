// Backslashes in a prompt that was typed, by llama.cpp's rules: \n \r \t \' \" \\ and \xHH, a byte; any other stays as it
// is, with its backslash. Pure.
import { TsinferError } from '../../engine/errors.ts'

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ["'", "'"],
  ['"', '"'],
  ['\\', '\\'],
])
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([nrt'"\\])|)/g

/** The text without escapes. Throws `prompt_invalid`, by the option's `name`, where bytes of \xHH are no UTF-8. */
export function unescaped(text: string, name: string): string {
  if (!text.includes('\\')) return text
  const bytes: Uint8Array[] = []
  const encoder = new TextEncoder()
  let from = 0
  for (const { 0: all, 1: hex, 2: simple, index } of text.matchAll(ESCAPE)) {
    bytes.push(encoder.encode(text.slice(from, index)))
    const byte = hex === undefined ? undefined : Uint8Array.of(Number.parseInt(hex, 16))
    bytes.push(byte ?? encoder.encode(simple === undefined ? all : SIMPLE.get(simple)))
    from = index + all.length
  }
  bytes.push(encoder.encode(text.slice(from)))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(bytes))
  } catch (cause) {
    const how = 'write --no-escape if backslashes are meant as such'
    throw new TsinferError('prompt_invalid', `${name}: expected bytes of \\xHH that make up UTF-8; ${how}`, { cause })
  }
}
