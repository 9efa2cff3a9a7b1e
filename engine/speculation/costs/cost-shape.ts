// What a micro-batch takes in every stage by the number of its rows: the times at some numbers of rows, the knots, and
// straight lines between and beyond them.

/** Times in microseconds, without what rows read of the cache. */
export interface CostShape {
  /** The knots: numbers of rows, ascending. */
  readonly rows: readonly number[]
  /** By stage and knot. */
  readonly stageUs: readonly (readonly number[])[]
}

export interface MeasuredShape extends CostShape {
  /** Of the knots, so many first ones had about the same time twice: they hold for other days, too. */
  readonly steadyCount: number
}

/** Numbers of rows that are measured: powers of two, and the most there are. */
export function knotRows(rowsMax: number): number[] {
  const rows: number[] = []
  for (let knot = 1; knot < rowsMax; knot *= 2) rows.push(knot)
  return [...rows, rowsMax]
}

/** The nearest times that never fall, by squares: neighbours that do are replaced by their mean. */
export function neverFalling(times: readonly number[]): number[] {
  const levels: { sum: number; count: number }[] = []
  for (const time of times) {
    let level = { sum: time, count: 1 }
    for (let before = levels.at(-1); before && before.sum / before.count > level.sum / level.count; ) {
      levels.pop()
      level = { sum: before.sum + level.sum, count: before.count + level.count }
      before = levels.at(-1)
    }
    levels.push(level)
  }
  return levels.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count))
}

/** The time of `count` rows, by knots and times that never fall; 0 where there are none. */
export function timeAt(rows: readonly number[], times: readonly number[], count: number): number {
  const last = rows.length - 1
  if (last < 1 || count <= rows[0]!) return times[0] ?? 0
  let above = 1
  while (above < last && rows[above]! < count) above++
  const [from, to] = [rows[above - 1]!, rows[above]!]
  const [low, high] = [times[above - 1]!, times[above]!]
  const time = high - ((to - count) / (to - from)) * (high - low)
  // No rounding leads back below a knot.
  return count < to ? Math.max(low, Math.min(time, high)) : Math.max(time, high)
}
