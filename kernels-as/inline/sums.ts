// The sums a tile of G groups x N rows builds at once: sum I is that of group I / N and row I % N.

/** How many. */
// @ts-ignore: decorator
@inline
export function sums<G, N>(): usize {
  return offsetof<G>() * offsetof<N>()
}

/** The group of sum I. */
// @ts-ignore: decorator
@inline
export function groupOf<N, I>(): usize {
  return offsetof<I>() / offsetof<N>()
}

/** The row of sum I. */
// @ts-ignore: decorator
@inline
export function rowOf<N, I>(): usize {
  return offsetof<I>() % offsetof<N>()
}

/** Writes the eight outputs of sum I: `out` is the first group's place in the first row. */
// @ts-ignore: decorator
@inline
export function put<N, I>(out: usize, outStride: usize, a: v128, b: v128): void {
  const at = out + 32 * groupOf<N, I>() + rowOf<N, I>() * outStride
  v128.store(at, a)
  v128.store(at, b, 16)
}
