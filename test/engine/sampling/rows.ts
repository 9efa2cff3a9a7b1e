// Rows of logits as the last stage reports them.
import { TOP_COUNT } from '../../../engine/limits.ts'
import type { TopRow } from '../../../engine/sampling/sampler.ts'

/** What the last stage reports for a row. */
export function topOf(logits: Float32Array, count = TOP_COUNT): TopRow {
  const ids = Array.from(logits.keys())
    .filter((id) => !Number.isNaN(logits[id]!))
    .sort((a, b) => logits[b]! - logits[a]! || a - b)
    .slice(0, count)
  return { ids, logits: ids.map((id) => logits[id]!), count: ids.length }
}

export const NOTHING: TopRow = { ids: [], logits: [], count: 0 }
