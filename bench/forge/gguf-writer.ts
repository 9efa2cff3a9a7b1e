// Lays out GGUF files: the header as bytes and where each tensor's data goes. Writing the data is the caller's.
import { type GgmlTypeName, ggmlType, rowBytes } from '../../engine/gguf/ggml-types.ts'
import { SCALAR_TYPES, type ScalarType, type ScalarValue } from '../../engine/gguf/metadata.ts'
import { NUMBER_FORMATS } from '../../engine/gguf/metadata-reader.ts'
import { alignUp } from '../../engine/gguf/tensor-table.ts'

const ARRAY_TYPE_ID = 9

/** A key with a value, or with an array of values, of one type. */
export interface MetadataItem {
  readonly key: string
  readonly type: ScalarType
  readonly value: ScalarValue | readonly ScalarValue[]
}

export interface TensorItem {
  readonly name: string
  readonly type: GgmlTypeName
  /** ggml order: the contiguous dimension first. */
  readonly dims: readonly number[]
}

export interface GgufLayout {
  /** Everything before the tensor data, padding included. */
  readonly header: Uint8Array
  /** Absolute offset and size of each tensor's data, in order; the space up to the next offset is zero padding. */
  readonly tensors: readonly { readonly offset: number; readonly bytes: number }[]
  /** Bytes of the whole file, with the last padding. */
  readonly bytes: number
}

/** Lays out a version 3 file; `version` 1 and 2 are for tests of readers. */
export function layOutGguf(
  metadata: readonly MetadataItem[],
  tensors: readonly TensorItem[],
  { alignment = statedAlignment(metadata), version = 3 } = {},
): GgufLayout {
  const out = new ByteWriter(version > 1)
  out.bytes(new TextEncoder().encode('GGUF'))
  out.number('u32', version)
  out.size(tensors.length)
  out.size(metadata.length)
  for (const { key, type, value } of metadata) writeItem(out, key, type, value)
  const placed: { offset: number; bytes: number }[] = []
  let next = 0
  for (const { name, type, dims } of tensors) {
    const [row = 1, ...rest] = dims
    const bytes = rest.reduce((product, dim) => product * dim, rowBytes(type, row))
    out.string(name)
    out.number('u32', dims.length)
    for (const dim of dims) out.size(dim)
    out.number('u32', ggmlType(type).id)
    out.number('u64', next)
    placed.push({ offset: next, bytes })
    next = alignUp(next + bytes, alignment)
  }
  const dataOffset = alignUp(out.length, alignment)
  out.bytes(new Uint8Array(dataOffset - out.length))
  return {
    header: out.finish(),
    tensors: placed.map(({ offset, bytes }) => ({ offset: dataOffset + offset, bytes })),
    bytes: dataOffset + next,
  }
}

/** What the metadata say, where it can be. */
function statedAlignment(metadata: readonly MetadataItem[]): number {
  const value = Number(metadata.find(({ key }) => key === 'general.alignment')?.value ?? 0)
  return value > 0 ? value : 32
}

function writeItem(out: ByteWriter, key: string, type: ScalarType, value: MetadataItem['value']): void {
  out.string(key)
  const id = SCALAR_TYPES.indexOf(type)
  if (!Array.isArray(value)) {
    out.number('u32', id)
    out.scalar(type, value as ScalarValue)
    return
  }
  out.number('u32', ARRAY_TYPE_ID)
  out.number('u32', id)
  out.size(value.length)
  for (const element of value) out.scalar(type, element)
}

const WRITERS: Readonly<Record<Exclude<ScalarType, 'string'>, (view: DataView, value: number | bigint) => void>> = {
  u8: (view, value) => view.setUint8(0, Number(value)),
  i8: (view, value) => view.setInt8(0, Number(value)),
  u16: (view, value) => view.setUint16(0, Number(value), true),
  i16: (view, value) => view.setInt16(0, Number(value), true),
  u32: (view, value) => view.setUint32(0, Number(value), true),
  i32: (view, value) => view.setInt32(0, Number(value), true),
  f32: (view, value) => view.setFloat32(0, Number(value), true),
  bool: (view, value) => view.setUint8(0, Number(value)),
  u64: (view, value) => view.setBigUint64(0, BigInt(value), true),
  i64: (view, value) => view.setBigInt64(0, BigInt(value), true),
  f64: (view, value) => view.setFloat64(0, Number(value), true),
}

/** Bytes that grow as they are written. */
class ByteWriter {
  readonly #wide: boolean
  readonly #scratch = new DataView(new ArrayBuffer(8))
  #buffer = new Uint8Array(4096)
  length = 0

  /** @param wide whether sizes are 64-bit */
  constructor(wide: boolean) {
    this.#wide = wide
  }

  bytes(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.length + bytes.length))
      grown.set(this.#buffer.subarray(0, this.length))
      this.#buffer = grown
    }
    this.#buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  number(type: Exclude<ScalarType, 'string'>, value: number | bigint): void {
    WRITERS[type](this.#scratch, value)
    this.bytes(new Uint8Array(this.#scratch.buffer, 0, NUMBER_FORMATS[type].bytes))
  }

  size(value: number): void {
    this.number(this.#wide ? 'u64' : 'u32', value)
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text)
    this.size(bytes.length)
    this.bytes(bytes)
  }

  scalar(type: ScalarType, value: ScalarValue): void {
    if (type === 'string') this.string(String(value))
    else this.number(type, typeof value === 'bigint' ? value : Number(value))
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.length)
  }
}
