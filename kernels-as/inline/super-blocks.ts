// What types share whose blocks have 256 elements in the file: eight blocks here, behind a head that begins with d half[8]. C:
// the codes of a block, with its scales behind them.
import { integers } from './block-scales'
import { kind } from './constants'
import { halfToFloatExact, halfToFloatScalar } from './half'
import { scaledSum } from './q8'

/** Of super-blocks. */
// @ts-ignore: decorator
@inline export const ROW_FACTORS: i32 = 0

@unmanaged
export class SuperBlock<C> {
  @inline codes(): C { return kind<C>() }
  @inline isSuper(): bool { return true }
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }
  @inline superScales<S>(head: usize): v128 { return halfToFloatExact(v128.load16x4_s(head, 8 * offsetof<S>())) }

  /** That of row `r`. */
  @inline d(head: usize, r: usize): f32 { return halfToFloatScalar(load<u16>(head + 2 * r)) }
}

/** In the head, dmin half[8] follows: what the minima of the blocks are multiples of. */
@unmanaged
export class SuperBlockWithDmin<C> extends SuperBlock<C> {
  @inline hasMinima(): bool { return true }
  @inline above(): i32 { return 0 }
  @inline superMinima<S>(head: usize): v128 { return halfToFloatExact(v128.load16x4_s(head, 16 + 8 * offsetof<S>())) }

  /** That of row `r`. */
  @inline dmin(head: usize, r: usize): f32 { return halfToFloatScalar(load<u16>(head + 2 * r, 16)) }
}

/** Scales u8[8] and minima u8[8], which are taken, follow the codes. */
@unmanaged
export class SuperBlockWithByteScales<C> extends SuperBlockWithDmin<C> {
  @inline hasHalfScales(): bool { return false }

  @inline scales<S>(w: usize, d: v128, mask: v128): v128 {
    return f32x4.mul(d, integers<S>(v128.load8x8_u(w, offsetof<C>())))
  }

  @inline minima<S>(w: usize, dmin: v128, mask: v128): v128 {
    return f32x4.mul(dmin, integers<S>(v128.load8x8_u(w, offsetof<C>() + 8)))
  }

  @inline addMinima<S>(sum: v128, minima: v128, w: usize, x: usize): v128 {
    return f32x4.sub(sum, f32x4.mul(minima, scaledSum(x)))
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return this.d(head, r) * <f32>load<u8>(w + r, offsetof<C>())
  }

  @inline rowMinimum(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
    return -(this.dmin(head, r) * <f32>load<u8>(w + r, offsetof<C>() + 8))
  }
}
