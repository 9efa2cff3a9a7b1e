// How llama.cpp cuts texts for GPT-2 and Llama 3 (and Qwen 2): one pass over the characters, by category. The
// categories are those of Unicode 15.1.
import { asOfUnicode15 } from '../../tokenizer/unicode-version.ts'

const is = (pattern: RegExp) => (character: string | undefined) =>
  character !== undefined && pattern.test(asOfUnicode15(character))
const isLetter = is(/^\p{L}$/u)
const isNumber = is(/^\p{N}$/u)
const isSpace = is(/^\p{White_Space}$/u)
const isOther = (character: string | undefined) =>
  character !== undefined && !isLetter(character) && !isNumber(character) && !isSpace(character)
const isNewline = (character: string | undefined) => character === '\n' || character === '\r'

function endOfRun(characters: readonly string[], from: number, test: (character: string | undefined) => boolean) {
  let at = from
  while (test(characters[at])) at++
  return at
}

/** Where the contraction at `from` ends; `from` where there is none. */
function endOfContraction(characters: readonly string[], from: number): number {
  if (characters[from] !== "'") return from
  if (/^[stmd]$/.test(characters[from + 1] ?? '')) return from + 2
  const two = `${characters[from + 1] ?? ''}${characters[from + 2] ?? ''}`
  return /^(re|ve|ll)$/.test(two) ? from + 3 : from
}

/** Where the run of white space at `from` ends as a word: the last one belongs to what follows. */
function endOfSpaces(characters: readonly string[], from: number): number {
  const end = endOfRun(characters, from, isSpace)
  return end - from > 1 && end < characters.length ? end - 1 : end
}

function scan(text: string, endOfWord: (characters: readonly string[], from: number) => number): string[] {
  const characters = [...text]
  const words: string[] = []
  for (let at = 0; at < characters.length; ) {
    const end = Math.max(endOfWord(characters, at), at + 1)
    words.push(characters.slice(at, end).join(''))
    at = end
  }
  return words
}

export function scanGpt2Words(text: string): string[] {
  return scan(text, (characters, at) => {
    const contraction = endOfContraction(characters, at)
    if (contraction > at) return contraction
    const first = characters[at] === ' ' ? at + 1 : at
    for (const test of [isLetter, isNumber, isOther])
      if (test(characters[first])) return endOfRun(characters, first, test)
    return endOfSpaces(characters, at)
  })
}

/** `digits`: how many make one word at most. */
export function scanLlama3Words(text: string, digits: number): string[] {
  return scan(text, (characters, at) => {
    const lower = characters.slice(at, at + 3).map((character) => character.replace(/[A-Z]/, (c) => c.toLowerCase()))
    const contraction = endOfContraction(lower, 0)
    if (contraction > 0) return at + contraction
    const character = characters[at]
    if (isLetter(character)) return endOfRun(characters, at, isLetter)
    if (!isNewline(character) && !isNumber(character) && isLetter(characters[at + 1])) {
      return endOfRun(characters, at + 1, isLetter)
    }
    if (isNumber(character)) return Math.min(at + digits, endOfRun(characters, at, isNumber))
    const first = character === ' ' ? at + 1 : at
    if (isOther(characters[first])) return endOfRun(characters, endOfRun(characters, first, isOther), isNewline)
    const spaces = characters.slice(at, endOfRun(characters, at, isSpace))
    const newline = spaces.findLastIndex(isNewline)
    return newline >= 0 ? at + newline + 1 : endOfSpaces(characters, at)
  })
}
