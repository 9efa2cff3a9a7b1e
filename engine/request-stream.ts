// A queue between the conductor's messages and one consumer: an async iterable of what a request produced so far.
// Nothing is lost while nobody reads, and a failure is told after everything that came before it.

export class RequestStream<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = []
  readonly #onReturn: () => void
  #end: { readonly error: unknown } | 'done' | undefined
  #wake: (() => void) | undefined

  /** `onReturn`: called when the consumer leaves before the end. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn
  }

  push(item: Item): void {
    if (this.#end === undefined) this.#items.push(item)
    this.#wake?.()
  }

  finish(): void {
    this.#end ??= 'done'
    this.#wake?.()
  }

  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** Whether `finish` or `fail` was called. */
  get ended(): boolean {
    return this.#end !== undefined
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    while (this.#items.length === 0) {
      if (this.#end === 'done') return { done: true, value: undefined }
      if (this.#end !== undefined) throw this.#end.error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return { done: false, value: this.#items.shift()! }
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    if (this.#end === undefined) this.#onReturn()
    this.finish()
    this.#items.length = 0
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
