// A text of any length for encoders: words and punctuation as prose has them. Pure.

const WORDS = (
  'the a little girl boy named Lily Tom was happy and went to play in park with her his friend they saw big red ball ' +
  "under tree mother said don't be afraid one day there lived an old man who couldn't remember where house stood 42 " +
  'café naïve weather tomorrow everything beautiful suddenly running quickly together garden'
).split(' ')
const SENTENCE_WORDS = 12
const PARAGRAPH_SENTENCES = 8

/** About `bytes` bytes of text; the same text for the same length. */
export function longText(bytes: number): string {
  let state = 1
  const next = (count: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * count)
  }
  const sentence = (): string => {
    const words = Array.from({ length: 1 + next(2 * SENTENCE_WORDS) }, () => WORDS[next(WORDS.length)]!)
    return `${words.join(' ')}${['.', '!', '?', ', and so on.'][next(4)]}`
  }
  let text = ''
  while (text.length < bytes) text += sentence() + (next(PARAGRAPH_SENTENCES) === 0 ? '\n\n' : ' ')
  return text.slice(0, bytes)
}
