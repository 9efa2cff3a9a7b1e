// What differs from layer to layer: how far back a layer sees, which rotation it uses, and how wide it is. Pure.

import { findArray, findInteger, type Metadata } from '../../gguf/metadata.ts'
import { POSITIONS_MAX } from '../../limits.ts'
import type { Architecture, WindowPattern } from '../architectures/architecture.ts'
import { boundedInteger, invalidModel, optionalPositiveFloat } from './checked-metadata.ts'
import type { LayerKind, LayerShape, RopeConfig } from './model-config.ts'

export interface LayerKinds {
  readonly layers: readonly LayerKind[]
  /** The rotations there are; the first is that of the layers that see all. */
  readonly ropes: readonly RopeConfig[]
}

/**
 * The layers of a model with the given `shapes` whose unwindowed layers use `rope`.
 * @throws TsinferError `model_invalid` for a window or pattern out of range
 */
export function layerKinds(
  metadata: Metadata,
  { name, window }: Architecture,
  shapes: readonly LayerShape[],
  rope: RopeConfig,
): LayerKinds {
  const positions = window && windowOf(metadata, `${name}.attention.sliding_window`, window)
  if (window === undefined || positions === undefined) {
    return { layers: shapes.map((shape) => ({ ...shape, window: undefined, rope: 0 })), ropes: [rope] }
  }
  const slides = patternOf(metadata, `${name}.attention.sliding_window_pattern`, window, shapes.length)
  const ownBase =
    window.ropeBase && (optionalPositiveFloat(metadata, `${name}.rope.freq_base_swa`) ?? window.ropeBase.fallback)
  const base = ownBase ?? rope.base
  const slidingRope: RopeConfig = { ...rope, base, ...UNSCALED[window.ropeScaling] }
  const isSame = (['base', 'scaling', 'magnitude'] as const).every((part) => slidingRope[part] === rope[part])
  return {
    layers: slides.map((isWindowed, layer) => ({
      ...shapes[layer]!,
      window: isWindowed ? positions : undefined,
      rope: isWindowed && !isSame ? 1 : 0,
    })),
    ropes: isSame ? [rope] : [rope, slidingRope],
  }
}

/** What of the other layers' rotation a layer with a window lacks. */
const UNSCALED = {
  whole: {},
  magnitude: { scaling: { kind: 'none' } },
  none: { scaling: { kind: 'none' }, magnitude: 1 },
} as const satisfies Record<WindowPattern['ropeScaling'], Partial<RopeConfig>>

/** 0 says that there is no window. */
function windowOf(metadata: Metadata, key: string, { positions }: WindowPattern): number | undefined {
  if (findInteger(metadata, key) === 0) return undefined
  return findInteger(metadata, key) === undefined ? positions : boundedInteger(metadata, key, POSITIONS_MAX)
}

/** Per layer, whether it has a window: a period, or a flag for every layer. */
function patternOf(metadata: Metadata, key: string, { period }: WindowPattern, layerCount: number): boolean[] {
  if (metadata.get(key)?.kind === 'array') {
    const { items, count } = findArray(metadata, key)!
    if (items === undefined || count < layerCount) {
      throw invalidModel(`metadata ${key}: expected a flag for each of ${layerCount} layers, found ${count}`)
    }
    return items.slice(0, layerCount).map(Boolean)
  }
  const every = findInteger(metadata, key) ?? period
  if (every < 0) throw invalidModel(`metadata ${key}: expected a number of layers, found ${every}`)
  return Array.from({ length: layerCount }, (_, layer) => every === 0 || layer % every < every - 1)
}
