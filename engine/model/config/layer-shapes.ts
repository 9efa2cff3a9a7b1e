// How wide each layer is: its heads and its FFN. A file gives one number for all layers or an array with one for each. Pure.

import { findArray, findInteger, type Metadata } from '../../gguf/metadata.ts'
import { FFN_WIDTH_MAX, HEADS_MAX } from '../../limits.ts'
import { boundedInteger, invalidModel } from './checked-metadata.ts'
import type { LayerShape } from './model-config.ts'

/**
 * The shapes of the layers of a model of `architecture` whose layers have so many query heads.
 * @throws TsinferError `model_invalid` for a number out of range, or an array that has not one number for each layer
 */
export function layerShapes(metadata: Metadata, architecture: string, heads: readonly number[]): LayerShape[] {
  const kvKey = `${architecture}.attention.head_count_kv`
  const kvHeads = layerNumbers(metadata, kvKey, heads.length, HEADS_MAX, heads)
  const ffnWidths = layerNumbers(metadata, `${architecture}.feed_forward_length`, heads.length, FFN_WIDTH_MAX)
  return heads.map((count, layer) => {
    const kvCount = kvHeads[layer]!
    if (count % kvCount === 0) return { heads: count, kvHeads: kvCount, ffnWidth: ffnWidths[layer]! }
    throw invalidModel(`metadata ${kvKey}: expected a divisor of the head count ${count}, found ${kvCount}`)
  })
}

/**
 * A number of 1 to `max` for each layer; `fallback` where the key is absent and a fallback is given.
 * @throws TsinferError `model_invalid`
 */
export function layerNumbers(
  metadata: Metadata,
  key: string,
  layerCount: number,
  max: number,
  fallback?: readonly number[],
): readonly number[] {
  if (metadata.get(key)?.kind !== 'array') {
    if (fallback !== undefined && findInteger(metadata, key) === undefined) return fallback
    return new Array<number>(layerCount).fill(boundedInteger(metadata, key, max))
  }
  const { items, count, type } = findArray(metadata, key)!
  if (items === undefined || count !== layerCount || !/^[iu]\d/.test(type)) {
    throw invalidModel(`metadata ${key}: expected an integer for each of ${layerCount} layers, found ${count} ${type}`)
  }
  return items.map((item, layer) => {
    const value = Number(item)
    if (value >= 1 && value <= max) return value
    throw invalidModel(`metadata ${key}: expected integers from 1 to ${max}, found ${value} for layer ${layer}`)
  })
}
