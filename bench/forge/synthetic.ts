// Random Llamas that cost what trained ones cost. All matrices of a type are cut from one quantized tile of normal noise,
// which makes forging as fast as writing; of types without a quantizer the tile has random codes.
import { type ComputableType, ggmlType } from '../../engine/gguf/ggml-types.ts'
import type { TensorItem } from './gguf-writer.ts'
import { writeGguf } from './output-file.ts'
import { isForged, quantizeRow } from './quantize.ts'
import { randomBlocks } from './random-blocks.ts'
import { llamaMetadata, llamaTensors, type Shape, type TypeChoice } from './shapes.ts'
import { vocabularyMetadata } from './vocabulary.ts'

/**
 * Standard deviation of weights. Larger than in trained models, with norm weights as much smaller, so that the f16 scales
 * of all types are normal numbers: subnormal ones would slow float code down.
 */
const DEVIATION = 0.25
/** Elements of a tile in units of a 256-element block; a prime, so that no rows repeat before that many. */
const TILE_BLOCKS = 32749
const PIECE_BYTES = 2 ** 22

export interface SyntheticModel {
  readonly shape: Shape
  readonly types: TypeChoice
  readonly name: string
  /** Leave the matrices as holes in the file. */
  readonly zeros: boolean
}

/** Writes the model and returns its size in bytes. */
export function forgeSynthetic(path: string, { shape, types, name, zeros }: SyntheticModel): number {
  const tiles = new Map<ComputableType, Uint8Array>()
  const tileOf = (type: ComputableType): Uint8Array => {
    let tile = tiles.get(type)
    if (tile === undefined) {
      const elements = TILE_BLOCKS * 256
      tile = isForged(type)
        ? quantizeRow(type, noise(elements))
        : randomBlocks(type, elements, DEVIATION, randomWords())
      tiles.set(type, tile)
    }
    return tile
  }
  const normWeights = new Float32Array(shape.width).fill(1 / (DEVIATION * Math.sqrt(shape.width)))
  const tensors = llamaTensors(shape, types).map((item, index) => ({
    ...item,
    pieces: () => {
      if (item.dims.length === 1) return [new Uint8Array(normWeights.buffer)]
      return zeros ? [] : cutFromTile(item, tileOf(item.type as ComputableType), index)
    },
  }))
  const numbers = { contextLength: 4096, normEps: 1e-5, ropeBase: 10000, name }
  return writeGguf(path, [...llamaMetadata(shape, numbers), ...vocabularyMetadata(shape.words)], tensors)
}

/** The tile over and over, from another block on for every tensor. */
function* cutFromTile(item: TensorItem, tile: Uint8Array, tensorIndex: number): Generator<Uint8Array> {
  const { blockElements, blockBytes } = ggmlType(item.type)
  const elements = item.dims.reduce((product, dim) => product * dim, 1)
  let left = (elements / blockElements) * blockBytes
  let at = (((tensorIndex + 1) * 7919 * 256) / blockElements) * blockBytes
  while (left > 0) {
    at %= tile.length
    const bytes = Math.min(left, tile.length - at, PIECE_BYTES)
    yield tile.subarray(at, at + bytes)
    at += bytes
    left -= bytes
  }
}

/** Normal noise by Box and Muller over a fixed seed. */
function noise(count: number): Float32Array {
  const values = new Float32Array(count)
  const nextWord = randomWords()
  const uniform = () => (nextWord() + 0.5) / 2 ** 32
  for (let i = 0; i < count; i += 2) {
    const radius = DEVIATION * Math.sqrt(-2 * Math.log(uniform()))
    const angle = 2 * Math.PI * uniform()
    values[i] = radius * Math.cos(angle)
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle)
  }
  return values
}

/** Marsaglia's xorshift, always from the same state. */
function randomWords(): () => number {
  let state = 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
