import type { Architecture } from './architecture.ts'

/** The largest Gemma of a generation, known by its layers, divides queries by the width of a head in the residual stream. */
export const gemmaQueryScale =
  (layersOfLargest: number): NonNullable<Architecture['queryScaleDim']> =>
  ({ layerCount, width, heads }) =>
    layerCount === layersOfLargest ? Math.floor(width / heads) : undefined
