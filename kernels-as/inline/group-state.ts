// What a product keeps of a group between its blocks, GROUP_STATE_BYTES in the lane's scratch: the sums of four rows, each
// of both strands, then what blocks need of the group's head and of their super-block.
import { C0, C1, kind } from './constants'
import { rowFactors } from './row-factors'

// @ts-ignore: decorator
@inline export const GROUP_STATE_BYTES: usize = 224
// @ts-ignore: decorator
@inline const D_AT: usize = 128
// @ts-ignore: decorator
@inline const M_AT: usize = 160
// @ts-ignore: decorator
@inline const BITS_AT: usize = 192

/** Where the sum of row R, strand S lies. */
// @ts-ignore: decorator
@inline
export function sumAt<R, S>(): usize {
  return 32 * offsetof<R>() + 16 * offsetof<S>()
}

/** d of strand S, or the factors of its rows. */
// @ts-ignore: decorator
@inline
export function keptScales<S>(state: usize): v128 {
  return v128.load(state, D_AT + 16 * offsetof<S>())
}

/** dmin of strand S, or the factors of its rows. */
// @ts-ignore: decorator
@inline
export function keptMinima<S>(state: usize): v128 {
  return v128.load(state, M_AT + 16 * offsetof<S>())
}

/** Bits of strand S that all blocks of a super-block share. */
// @ts-ignore: decorator
@inline
export function keptBits<S>(state: usize): v128 {
  return v128.load(state, BITS_AT + 16 * offsetof<S>())
}

/** Keeps the factors of the rows of the group at `head`. */
// @ts-ignore: decorator
@inline
export function keepFactors(state: usize, head: usize): void {
  const a = rowFactors<C0>(head)
  const b = rowFactors<C1>(head)
  v128.store(state, a, D_AT)
  v128.store(state, b, D_AT + 16)
  v128.store(state, a, M_AT)
  v128.store(state, b, M_AT + 16)
}

/** Keeps what stands before the super-block at `w`. */
// @ts-ignore: decorator
@inline
export function keepSupers<T>(state: usize, w: usize): void {
  v128.store(state, kind<T>().superScales<C0>(w), D_AT)
  v128.store(state, kind<T>().superScales<C1>(w), D_AT + 16)
  if (kind<T>().hasMinima()) {
    v128.store(state, kind<T>().superMinima<C0>(w), M_AT)
    v128.store(state, kind<T>().superMinima<C1>(w), M_AT + 16)
  }
  if (kind<T>().hasHalfScales()) {
    v128.store(state, kind<T>().superBits<C0>(w), BITS_AT)
    v128.store(state, kind<T>().superBits<C1>(w), BITS_AT + 16)
  }
}
