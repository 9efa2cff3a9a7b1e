// Text that streams in while somebody waits for marks in it: what may still become a mark is held back. Pure.

export interface Found {
  readonly mark: string
  readonly at: number
}

/** The first mark in `text`, of two at the same place the longer one. */
export function findMark(text: string, marks: readonly string[]): Found | undefined {
  let best: Found | undefined
  for (const mark of marks) {
    const at = text.indexOf(mark)
    if (at < 0) continue
    if (best === undefined || at < best.at || (at === best.at && mark.length > best.mark.length)) best = { mark, at }
  }
  return best
}

/** How many characters at the end of `text` may be the beginning of a mark. */
export function heldLength(text: string, marks: readonly string[]): number {
  const longest = Math.max(0, ...marks.map((mark) => mark.length - 1))
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(text.length - length)
    if (marks.some((mark) => mark.length > length && mark.startsWith(end))) return length
  }
  return 0
}
