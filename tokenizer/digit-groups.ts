// Numbers cut into groups of three from their right end, which no regular expression does in one pass. Pure.

/** One step of a pre-tokenizer: an expression whose matches become words, or a function. No word is empty. */
export type WordCut = string | ((text: string) => string[])

/** Cuts runs of any digits into threes; text before a run stays with its first group, as in llama.cpp. */
export function cutNumberThrees(text: string): string[] {
  return cutRuns(text, /\p{N}+/gu, ({ start, ends }) => ends.filter((end) => end > start))
}

/** Cuts runs of ASCII digits into threes, each run at its start too where that needs no smaller group; never at its end. */
export function cutAsciiThrees(text: string): string[] {
  return cutRuns(text, /[0-9]+/g, ({ ends }) => ends.slice(0, -1))
}

interface Run {
  readonly start: number
  /** Positions with a multiple of three digits behind them, ascending: the last one is the run's end. */
  readonly ends: readonly number[]
}

function cutRuns(text: string, digits: RegExp, cutsOf: (run: Run) => readonly number[]): string[] {
  const words: string[] = []
  let from = 0
  for (const match of text.matchAll(digits)) {
    for (const cut of cutsOf({ start: match.index, ends: threesOf(match[0], match.index) })) {
      if (cut > from) words.push(text.slice(from, cut))
      from = cut
    }
  }
  if (from < text.length) words.push(text.slice(from))
  return words
}

function threesOf(run: string, start: number): number[] {
  const digits = Array.from(run)
  const ends: number[] = []
  let at = start
  for (const [i, digit] of digits.entries()) {
    if ((digits.length - i) % 3 === 0) ends.push(at)
    at += digit.length
  }
  ends.push(at)
  return ends
}
