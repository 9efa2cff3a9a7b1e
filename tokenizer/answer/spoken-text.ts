// What one voice has said: white space is held until it is known to stand between texts, since that at the edges of an
// answer's parts, and around its calls, belongs to the marks. Pure.

export class SpokenText {
  /** White space that the next text ends. */
  #space = ''
  #hasSaid = false
  #isTrimmed: boolean
  #isInterrupted = false

  /** `isTrimmed`: drop the white space that it begins with. */
  constructor(isTrimmed: boolean) {
    this.#isTrimmed = isTrimmed
  }

  copy(): SpokenText {
    const copy = new SpokenText(this.#isTrimmed)
    copy.#space = this.#space
    copy.#hasSaid = this.#hasSaid
    copy.#isInterrupted = this.#isInterrupted
    return copy
  }

  /** As much of the text as is certain by now. */
  say(text: string): string {
    const end = text.trimEnd()
    const space = text.slice(end.length)
    if (end === '') {
      if (this.#hasSaid || !this.#isTrimmed) this.#space += space
      return ''
    }
    const said = this.#hasSaid || !this.#isTrimmed ? this.#space + end : end.trimStart()
    this.#space = space
    this.#hasSaid = true
    this.#isInterrupted = false
    return said
  }

  /** A call stands here. */
  interrupt(): void {
    this.#isInterrupted = true
    if (this.#hasSaid) return
    this.#space = ''
    this.#isTrimmed = true
  }

  /** White space that it ends with, and keeps. */
  end(): string {
    const space = this.#isInterrupted ? '' : this.#space
    this.#space = ''
    return space
  }
}
