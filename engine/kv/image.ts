// The cells of a text as bytes in an order of their own: [layer][K, V][KV head][position][one head's cell]. Which cells
// hold them, and how layers are spread over stages, makes no difference to the image, so what one pipeline reads another
// one of the same model and cell types can write.
import type { CellIndex } from '../domain.ts'
import { assert } from '../errors.ts'

/** What a stage keeps of every position: cells [head][cell] of `stride` bytes in each region. */
export interface StageCells {
  readonly regions: readonly { readonly address: number; readonly stride: number; readonly heads: number }[]
  readonly count: number
}

/** Bytes of an image per token. */
export const imageTokenBytes = (stages: readonly StageCells[]): number =>
  stages.flatMap(({ regions }) => regions).reduce((sum, { heads, stride }) => sum + heads * stride, 0)

/** The cells of one head of a region. */
interface Strip {
  readonly memory: Uint8Array
  readonly address: number
  /** Bytes from one cell to the next. */
  readonly stride: number
}

/** A pass over the image of a text that lies in `cells`, from its first byte to its last. */
export class ImagePass {
  readonly #strips: readonly Strip[]
  readonly #cells: readonly CellIndex[]
  /** Per position: the position behind the last of the cells that follow each other from there on. */
  readonly #runEnds: Int32Array
  #strip = 0
  /** Bytes of the strip that are done. */
  #done = 0

  /** `memories`: of each stage. */
  constructor(stages: readonly StageCells[], memories: readonly ArrayBufferLike[], cells: readonly CellIndex[]) {
    this.#strips = stages.flatMap((stage, i) => strips(stage, new Uint8Array(memories[i]!)))
    this.#cells = cells
    this.#runEnds = new Int32Array(cells.length)
    for (let at = cells.length - 1; at >= 0; at--) {
      const goesOn = at + 1 < cells.length && cells[at + 1] === cells[at]! + 1
      this.#runEnds[at] = goesOn ? this.#runEnds[at + 1]! : at + 1
    }
  }

  /** Fills `target` with the next bytes of the image. */
  read(target: Uint8Array): void {
    this.#pass(target, (part, cells) => part.set(cells))
  }

  /** Makes `source` the next bytes of the image. */
  write(source: Uint8Array): void {
    this.#pass(source, (part, cells) => cells.set(part))
  }

  #pass(bytes: Uint8Array, copy: (part: Uint8Array, cells: Uint8Array) => void): void {
    for (let at = 0; at < bytes.length; ) {
      const strip = this.#strips[this.#strip]
      assert(strip, 'a pass goes beyond its image')
      const { memory, address, stride } = strip
      const position = Math.floor(this.#done / stride)
      const begin = address + this.#cells[position]! * stride + (this.#done - position * stride)
      const left = this.#runEnds[position]! * stride - this.#done
      const count = Math.min(left, bytes.length - at)
      copy(bytes.subarray(at, at + count), memory.subarray(begin, begin + count))
      at += count
      this.#done += count
      if (this.#done === this.#cells.length * stride) {
        this.#strip++
        this.#done = 0
      }
    }
  }
}

function strips({ regions, count }: StageCells, memory: Uint8Array): Strip[] {
  return regions.flatMap(({ address, stride, heads }) =>
    Array.from({ length: heads }, (_, head) => ({ memory, address: address + head * count * stride, stride })),
  )
}
