// What types share whose blocks have 32 elements in the file too. C: their codes, with the scales behind them.
import { kind } from './constants'
import { halfToFloat, scaleHalf } from './half'
import { scaledSum } from './q8'
import { fileValue, largerExponent } from './row-factors'

@unmanaged
export class Block<C> {
  @inline codes(): C { return kind<C>() }
  @inline isSuper(): bool { return false }
  @inline hasHalfScales(): bool { return false }
}

/** Of types with d. */
// @ts-ignore: decorator
@inline export const ROW_FACTORS: i32 = 1

/** d, a half float of each row, begins a block in the file; here d half[8] follows the codes. */
@unmanaged
class ScaledBlock<C> extends Block<C> {
  @inline hasFactors(): bool { return ROW_FACTORS == 1 }

  @inline scales<S>(w: usize, factors: v128, mask: v128): v128 {
    return halfToFloat(v128.load16x4_s(w, offsetof<C>() + 8 * offsetof<S>()), mask, factors)
  }

  @inline rowScale(w: usize, head: usize, r: usize, part: usize, b: i32, factor: f32): f32 {
    return fileValue(load<u16>(w + 2 * r, offsetof<C>()), factor)
  }

  @inline repackD(to: usize, from: usize, r: usize, power: f32): void {
    store<u16>(to + 2 * r, scaleHalf(load<u16>(from), power), offsetof<C>())
  }
}

/** With d alone. */
@unmanaged
export class BlockWithD<C> extends ScaledBlock<C> {
  @inline hasMinima(): bool { return false }
  @inline largestExponent(largest: u32, from: usize): u32 { return largerExponent(largest, load<u16>(from)) }
}

/** With m behind d, in the file and here, which is added to codes times d. */
@unmanaged
export class BlockWithDM<C> extends ScaledBlock<C> {
  @inline hasMinima(): bool { return true }
  @inline above(): i32 { return 0 }

  @inline minima<S>(w: usize, factors: v128, mask: v128): v128 {
    return halfToFloat(v128.load16x4_s(w, offsetof<C>() + 16 + 8 * offsetof<S>()), mask, factors)
  }

  @inline addMinima<S>(sum: v128, minima: v128, w: usize, x: usize): v128 {
    return f32x4.add(sum, f32x4.mul(minima, scaledSum(x)))
  }

  @inline rowMinimum(w: usize, head: usize, r: usize, part: usize, factor: f32): f32 {
    return fileValue(load<u16>(w + 2 * r, offsetof<C>() + 16), factor)
  }

  @inline largestExponent(largest: u32, from: usize): u32 {
    return largerExponent(largerExponent(largest, load<u16>(from)), load<u16>(from, 2))
  }

  @inline repackM(to: usize, from: usize, r: usize, power: f32): void {
    store<u16>(to + 2 * r, scaleHalf(load<u16>(from, 2), power), offsetof<C>() + 16)
  }
}
