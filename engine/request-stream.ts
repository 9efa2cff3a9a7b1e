// A queue between the conductor's messages and those who read them: an async iterable of what a request produced so far.
// Nothing is lost while nobody reads, and a failure is told after everything that came before it. Several readers share
// the items: each goes to one of them, in the order of their calls.

/** Who hears what a request produces, in order, and then how it ended. */
export interface RequestSink<Item> {
  push(item: Item): void
  finish(): void
  fail(error: unknown): void
}

interface Reader<Item> {
  resolve(result: IteratorResult<Item, undefined>): void
  reject(error: unknown): void
}

export class RequestStream<Item> implements RequestSink<Item>, AsyncIterableIterator<Item> {
  readonly #items: Item[] = []
  /** Those who wait for an item; never while there is one. */
  readonly #readers: Reader<Item>[] = []
  readonly #onReturn: () => void
  #end: { readonly error: unknown } | 'done' | undefined

  /** `onReturn`: called when a reader leaves before the end. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn
  }

  push(item: Item): void {
    if (this.#end !== undefined) return
    const reader = this.#readers.shift()
    if (reader) reader.resolve({ done: false, value: item })
    else this.#items.push(item)
  }

  finish(): void {
    this.#stop('done')
  }

  fail(error: unknown): void {
    this.#stop({ error })
  }

  #stop(end: { readonly error: unknown } | 'done'): void {
    if (this.#end !== undefined) return
    this.#end = end
    for (const reader of this.#readers.splice(0)) {
      if (end === 'done') reader.resolve({ done: true, value: undefined })
      else reader.reject(end.error)
    }
  }

  /** May be called again before the last call has settled. */
  async next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#items.length > 0) return { done: false, value: this.#items.shift()! }
    if (this.#end === 'done') return { done: true, value: undefined }
    if (this.#end !== undefined) throw this.#end.error
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
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
