import { exp } from '../inline/exp'

/** 1 / (1 + e^-x) of the float at `x`. */
export function sigmoid(x: usize): f32 {
  const value = f32x4.splat(-load<f32>(x))
  return 1 / (1 + f32x4.extract_lane(exp(value), 0))
}
