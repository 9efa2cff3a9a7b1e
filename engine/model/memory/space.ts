// Addresses in the memory of a stage, given out one behind the other before anything is allocated: pure arithmetic, and
// the sum may exceed what a memory can hold. What is placed is described by plain records.
import type { TensorInfo } from '../../gguf/tensor-table.ts'
import { GROUP_ROWS } from '../../limits.ts'
import { activationBytes, packedBytes } from '../formats.ts'
import type { MatrixTensor } from './model-weights.ts'

/** A weight matrix of `rows` outputs by `k` inputs, repacked at `address`; or several of them, one after the other. */
export interface MatrixPlan {
  readonly tensor: TensorInfo
  readonly rows: number
  readonly k: number
  /** How many such matrices: the experts of a mixture. */
  readonly slabs: number
  readonly address: number
  /** A factor on the products of each of them, where the file has some. */
  readonly scale?: VectorPlan
}

/** f32 values as they are in the file. */
export interface VectorPlan {
  readonly tensor: TensorInfo
  readonly address: number
}

/** A region of equal entries. */
export interface Region {
  readonly address: number
  /** Bytes from one entry to the next. */
  readonly stride: number
}

/** Activations of `n` rows in both forms a weight may want. */
export interface ActivationRegion {
  /** f32 [n][width]. */
  readonly f32: Region
  /** The `q8` form of the same rows. */
  readonly q8: Region
}

/** What a layer keeps of every position: cells [heads][cells] of `stride` bytes each. */
export interface CellRegion extends Region {
  readonly heads: number
}

/** The first bytes stay unused so that address 0 never names anything. */
const FIRST_ADDRESS = 4096
const ALIGNMENT = 64
/** What lanes write for themselves lies in pages of their own: prefetchers run past its end, but not into another page. */
const LANE_ALIGNMENT = 4096

const align = (bytes: number, alignment = ALIGNMENT): number => Math.ceil(bytes / alignment) * alignment

export class Space {
  readonly #lanes: number
  #next = FIRST_ADDRESS

  constructor(lanes: number) {
    this.#lanes = lanes
  }

  /** Bytes of all that was placed. */
  get bytes(): number {
    return this.#next
  }

  take(bytes: number): number {
    const at = this.#next
    this.#next += align(bytes)
    return at
  }

  /** `count` entries of at least `bytes` each. */
  region(bytes: number, count: number): Region {
    const stride = align(bytes)
    return { address: this.take(stride * count), stride }
  }

  /** Rows of f32 outputs of a matrix: products write whole groups of eight. */
  outputs(elements: number, count: number): Region {
    return this.region(Math.ceil(elements / GROUP_ROWS) * GROUP_ROWS * 4, count)
  }

  /** Rows of inputs of matrices, in every form. */
  activations(width: number, count: number): ActivationRegion {
    return { f32: this.region(width * 4, count), q8: this.region(activationBytes('q8', width), count) }
  }

  /** An entry for each lane. */
  ofLanes(bytes: number): Region {
    this.#next = align(this.#next, LANE_ALIGNMENT)
    return this.region(align(bytes, LANE_ALIGNMENT), this.#lanes)
  }

  vector(tensor: TensorInfo): VectorPlan {
    return { tensor, address: this.take(tensor.bytes) }
  }

  matrix(tensor: MatrixTensor): MatrixPlan {
    const [k = 1, rows = 1, slabs = 1] = tensor.dims
    const plan = { tensor, rows, k, slabs, address: this.take(packedBytes(tensor.type, rows, k) * slabs) }
    return tensor.scale ? { ...plan, scale: this.vector(tensor.scale) } : plan
  }

  /** `count` cells for each of `heads` heads. */
  cells(bytes: number, heads: number, count: number): CellRegion {
    return { address: this.take(bytes * heads * count), stride: bytes, heads }
  }
}
