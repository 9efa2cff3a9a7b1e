// GGUF headers of some megabytes in which one thing is as many or as long as a header allows: alone, without tensor data,
// or in front of a small model that runs.
import { readFileSync } from 'node:fs'
import { type GgufFile, openGguf } from '../../../engine/gguf/file.ts'
import { type GgmlTypeName, ggmlType, rowBytes } from '../../../engine/gguf/ggml-types.ts'
import { SCALAR_TYPES } from '../../../engine/gguf/metadata.ts'
import { alignUp } from '../../../engine/gguf/tensor-table.ts'

/** What a header has besides its counts. */
interface Parts {
  readonly items: readonly Buffer[]
  /** Tokens of its vocabulary. */
  readonly tokens: number
  /** Names of tensors without elements. */
  readonly tensors: readonly string[]
}

/** One kind of header of about `size` bytes. */
export type Hostile = (size: number) => Parts

const STRING = 8
const ARRAY = 9
const U8 = 0
const U32 = 4
const I32 = 5
const F32 = 6
const F32_TENSOR = 0

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const text = (value: string | Buffer) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)])
const string = (key: string, value: string) => Buffer.concat([text(key), u32(STRING), text(value)])
const number = (key: string, value: number) => Buffer.concat([text(key), u32(U32), u32(value)])
const array = (key: string, type: number, count: number, payload: Buffer) =>
  Buffer.concat([text(key), u32(ARRAY), u32(type), u64(count), payload])

/** An array of `count` different strings of `length` characters (at least 6), each given by `of`. */
function strings(key: string, count: number, length: number, of = (name: string) => name): Buffer {
  const entries: Buffer[] = []
  for (let i = 0; i < count; i++) entries.push(text(of(i.toString(36).padStart(length, '_'))))
  return array(key, STRING, count, Buffer.concat(entries))
}

function numbers(key: string, type: typeof I32 | typeof F32, count: number, valueAt: (i: number) => number): Buffer {
  const payload = Buffer.alloc(count * 4)
  for (let i = 0; i < count; i++) {
    if (type === I32) payload.writeInt32LE(valueAt(i), i * 4)
    else payload.writeFloatLE(valueAt(i), i * 4)
  }
  return array(key, type, count, payload)
}

function header(tokens: number, items: readonly Buffer[], tensors: readonly string[] = []): Parts {
  return { items, tokens, tensors }
}

const fileHead = (items: readonly Buffer[], tensors: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(items.length), ...items, ...tensors])

function tensorInfo(name: string, type: number, dims: readonly number[], offset: number): Buffer {
  return Buffer.concat([text(name), u32(dims.length), ...dims.map(u64), u32(type), u64(offset)])
}

/** The header as a file of its own. */
export const headerBytes = ({ items, tensors }: Parts): Buffer =>
  fileHead(
    items,
    tensors.map((name) => tensorInfo(name, F32_TENSOR, [0], 0)),
  )

/**
 * The header in front of the layers of the model at `path`, with an embedding of zeros that has a row per token; and the
 * bytes of that embedding.
 */
export function modelBehind({ items, tokens, tensors }: Parts, path: string): { file: Buffer; weightBytes: number } {
  const model = openGguf(path)
  const bytes = readFileSync(path)
  const infos: Buffer[] = []
  const data: Buffer[] = []
  let end = 0
  const add = (name: string, type: GgmlTypeName, dims: readonly number[], payload: Buffer) => {
    infos.push(tensorInfo(name, ggmlType(type).id, dims, end))
    const padding = Buffer.alloc(alignUp(payload.length, ALIGNMENT) - payload.length)
    data.push(payload, padding)
    end += payload.length + padding.length
  }
  let weightBytes = 0
  for (const { name, type, dims, offset, bytes: length } of model.tensors.values()) {
    // Without a head of its own, the embedding is the head.
    if (name === 'output.weight') continue
    if (name !== 'token_embd.weight') add(name, type, dims, bytes.subarray(offset, offset + length))
    else {
      weightBytes = rowBytes('Q4_0', dims[0]!) * tokens
      add(name, 'Q4_0', [dims[0]!, tokens], Buffer.alloc(weightBytes))
    }
  }
  for (const name of tensors) add(name, 'F32', [0], Buffer.alloc(0))
  const head = fileHead([...modelItems(model), ...items], infos)
  const padding = Buffer.alloc(alignUp(head.length, ALIGNMENT) - head.length)
  return { file: Buffer.concat([head, padding, ...data]), weightBytes }
}

const ALIGNMENT = 32

/** Keys of what the model is. They are integers, numbers and a word. */
function modelItems({ metadata }: GgufFile): Buffer[] {
  const items: Buffer[] = []
  for (const [key, entry] of metadata) {
    if (entry.kind !== 'scalar' || key.startsWith('tokenizer.') || key === 'general.name') continue
    const { type, value } = entry
    const head = Buffer.concat([text(key), u32(SCALAR_TYPES.indexOf(type))])
    const payload = Buffer.alloc(4)
    if (type === 'f32') payload.writeFloatLE(Number(value))
    else payload.writeUInt32LE(Number(value) || 0)
    items.push(Buffer.concat([head, type === 'string' ? text(String(value)) : payload]))
  }
  return items
}

const SPM = string('tokenizer.ggml.model', 'llama')
const BPE = [string('tokenizer.ggml.model', 'gpt2'), string('tokenizer.ggml.pre', 'gpt-2')]
const NORMAL = 1
const CONTROL = 3
const TOKENS = 'tokenizer.ggml.tokens'
const TYPES = 'tokenizer.ggml.token_type'

function specials(size: number, length: number): Parts {
  const count = Math.floor(size / (length + 12))
  return header(count, [
    ...BPE,
    strings(TOKENS, count, length),
    numbers(TYPES, I32, count, () => CONTROL),
    strings('tokenizer.ggml.merges', 0, 6),
  ])
}

/** Everything a header can be full of. */
export const HOSTILE_HEADERS: Readonly<Record<string, Hostile>> = {
  'many tokens with scores': (size) => {
    const count = Math.floor(size / 22)
    const scores = numbers('tokenizer.ggml.scores', F32, count, (i) => -i / 3)
    return header(count, [SPM, strings(TOKENS, count, 6), scores, numbers(TYPES, I32, count, () => NORMAL)])
  },
  'many special tokens': (size) => specials(size, 8),
  'special tokens of a hundred bytes': (size) => specials(size, 100),
  'one long special token': (size) => {
    const tokens = array(TOKENS, STRING, 1, text(Buffer.alloc(Math.min(size, 2 ** 24), 'a')))
    return header(1, [...BPE, tokens, numbers(TYPES, I32, 1, () => CONTROL), strings('tokenizer.ggml.merges', 0, 6)])
  },
  'many merges of what no token is': (size) => {
    const merges = strings('tokenizer.ggml.merges', Math.floor(size / 21), 6, (name) => `${name} ${name}`)
    return header(8, [...BPE, strings(TOKENS, 8, 6), merges])
  },
  'one key of every length': (size) => {
    const count = Math.floor(size / 65_000)
    return header(8, [
      SPM,
      strings(TOKENS, 8, 6),
      ...Array.from({ length: count }, (_, i) => number(String(i).padStart(64_980, 'k'), i)),
    ])
  },
  'as many keys as there may be': (size) => {
    const count = Math.min(65_000, Math.floor(size / 30))
    return header(8, [SPM, strings(TOKENS, 8, 6), ...Array.from({ length: count }, (_, i) => number(`key.${i}`, i))])
  },
  'arrays of bytes that are kept': (size) => {
    const items = Array.from({ length: Math.floor(size / 1050) }, (_, i) =>
      array(`bytes.${i}`, U8, 1024, Buffer.alloc(1024, i)),
    )
    return header(8, [SPM, strings(TOKENS, 8, 6), ...items])
  },
  'one long string': (size) =>
    header(8, [SPM, strings(TOKENS, 8, 6), string('general.name', 'n'.repeat(Math.min(size, 2 ** 24)))]),
  'as many tensors as there may be': (size) => {
    const count = Math.min(65_000, Math.floor(size / 60))
    const tensors = Array.from({ length: count }, (_, i) => `blk.${i}.weight`)
    return header(8, [SPM, strings(TOKENS, 8, 6)], tensors)
  },
}
