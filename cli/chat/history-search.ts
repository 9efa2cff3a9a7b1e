// The lines that were typed before, looked through backwards (Ctrl-R). Pure.

export class HistorySearch {
  /** Newest first. */
  readonly #lines: readonly string[]
  #query = ''
  #at = 0

  constructor(lines: readonly string[]) {
    this.#lines = lines
  }

  get query(): string {
    return this.#query
  }

  /** The newest line from where the search is that holds the query; undefined where none does. */
  get found(): string | undefined {
    return this.#query === '' ? undefined : this.#lines[this.#indexFrom(this.#at)]
  }

  /** A longer query: the line that is found may stay. */
  add(text: string): void {
    this.#query += text
    const index = this.#indexFrom(this.#at)
    if (index >= 0) this.#at = index
  }

  /** Takes the last character back, and begins with the newest line again. */
  erase(): void {
    this.#query = Array.from(this.#query).slice(0, -1).join('')
    this.#at = 0
  }

  /** Goes on to the next older line that reads otherwise, if there is one. */
  older(): void {
    const { found } = this
    const next = this.#lines.findIndex((line, i) => i > this.#at && line !== found && line.includes(this.#query))
    if (found !== undefined && next >= 0) this.#at = next
  }

  #indexFrom(first: number): number {
    return this.#lines.findIndex((line, i) => i >= first && line.includes(this.#query))
  }
}
