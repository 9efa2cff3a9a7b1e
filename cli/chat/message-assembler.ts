// Puts the lines of a message together. Pure. A message of several lines is written with a backslash at the end of each
// line but the last, or between two """; a paste keeps its lines.

const FENCE = '"""'

export class MessageAssembler {
  #lines: string[] = []
  #isFenced = false

  /** Whether a message has begun and goes on with the next line. */
  get isOpen(): boolean {
    return this.#isFenced || this.#lines.length > 0
  }

  /** Takes a line; gives the message when it is complete. `isPasted`: more of the paste follows. */
  add(line: string, isPasted = false): string | undefined {
    if (this.#isFenced) return this.#addFenced(line)
    const begin = line.trimStart()
    if (!this.isOpen && begin.startsWith(FENCE)) {
      this.#isFenced = true
      const rest = begin.slice(FENCE.length)
      return rest === '' ? undefined : this.#addFenced(rest)
    }
    const goesOn = line.endsWith('\\') && !isPasted
    this.#lines.push(goesOn ? line.slice(0, -1) : line)
    return goesOn || isPasted ? undefined : this.#finish()
  }

  /** Forgets what has begun. */
  clear(): void {
    this.#lines = []
    this.#isFenced = false
  }

  #addFenced(line: string): string | undefined {
    const end = line.trimEnd()
    if (!end.endsWith(FENCE)) {
      this.#lines.push(line)
      return undefined
    }
    const last = end.slice(0, -FENCE.length)
    if (last !== '') this.#lines.push(last)
    return this.#finish()
  }

  #finish(): string {
    const message = this.#lines.join('\n')
    this.clear()
    return message
  }
}
