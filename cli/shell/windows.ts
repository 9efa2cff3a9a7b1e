// Cuts a long token sequence into windows that fit the context. Pure.

/**
 * Consecutive windows of at most `length` tokens. When the sequence begins with `prefix` (BOS), so does every window;
 * otherwise windows overlap by one token, so that the first of a window is not lost. Windows without a token to predict
 * are left out.
 */
export function windowsOf(ids: readonly number[], prefix: readonly number[], length: number): number[][] {
  const isPrefixed = prefix.length > 0 && prefix.every((token, i) => ids[i] === token)
  const head = isPrefixed ? prefix : ids.slice(0, 1)
  const body = ids.slice(head.length)
  const step = length - head.length
  if (step < 1) return []
  const windows: number[][] = []
  for (let at = 0; at < body.length; at += step) {
    const before = isPrefixed || at === 0 ? head : [body[at - 1]!]
    windows.push([...before, ...body.slice(at, at + step)])
  }
  return windows
}
