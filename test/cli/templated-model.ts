// stories260K with a chat template in its file: a key more in the header, padded so that the tensors stay aligned.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryPath } from '../shared.ts'

const KEY = 'tokenizer.chat_template'
const STRING_TYPE = 8
const ALIGNMENT = 32
/** Magic, version, tensor count; then the count of keys. */
const KEY_COUNT_AT = 16
const KEYS_AT = 24

/** Writes the model to `folder` and returns its path. */
export function modelWithTemplate(folder: string, template: string): string {
  const file = readFileSync(repositoryPath('cli/models/stories260K.gguf'))
  const fixedBytes = 8 + KEY.length + 4 + 8
  // A comment of Jinja takes five bytes at least.
  const short = fixedBytes + Buffer.byteLength(template) + 5
  const text = `${template}{#${' '.repeat(1 + ((ALIGNMENT - (short % ALIGNMENT)) % ALIGNMENT))}#}`
  const entry = Buffer.alloc(fixedBytes)
  entry.writeBigUInt64LE(BigInt(KEY.length), 0)
  entry.write(KEY, 8)
  entry.writeUInt32LE(STRING_TYPE, 8 + KEY.length)
  entry.writeBigUInt64LE(BigInt(Buffer.byteLength(text)), 12 + KEY.length)
  file.writeBigUInt64LE(file.readBigUInt64LE(KEY_COUNT_AT) + 1n, KEY_COUNT_AT)
  const path = join(folder, 'templated.gguf')
  writeFileSync(path, Buffer.concat([file.subarray(0, KEYS_AT), entry, Buffer.from(text), file.subarray(KEYS_AT)]))
  return path
}
