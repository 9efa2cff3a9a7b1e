// Whose turn it is. Clients take turns, one thing each, so that one with a hundred does not hold up one with a single one; what
// a client has goes in the order in which it came. Of things of both priorities the interactive ones go first, but for a turn
// that is kept for batch work.
import type { ClientId } from '../domain.ts'

/**
 * Of so many turns one is a batch's while there is any: 5%. Turns are counted where places are given away, at admission, not
 * in steps: whoever decodes has a row in every step anyway. Counts, and no time, so it is the same again with the same
 * events.
 */
export const BATCH_TURN = 20

export class Turns<Item extends { readonly client: ClientId }> {
  /** Clients with things, the next in turn first. */
  readonly #clients = new Map<ClientId, Item[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  get first(): Item | undefined {
    return this.#clients.values().next().value?.[0]
  }

  *[Symbol.iterator](): Generator<Item, void, undefined> {
    for (const items of this.#clients.values()) yield* items
  }

  /** Those that `may` go, as they would be served: what is next of every client, then what is behind that. */
  rounds(may: (item: Item) => boolean): Item[] {
    const lists = [...this.#clients.values()].map((items) => items.filter(may))
    const most = Math.max(0, ...lists.map(({ length }) => length))
    return Array.from({ length: most }, (_, round) => lists.flatMap((items) => items.slice(round, round + 1))).flat()
  }

  add(item: Item): void {
    const items = this.#clients.get(item.client)
    if (items) items.push(item)
    else this.#clients.set(item.client, [item])
    this.#count++
  }

  /** It waits no more, and was not served. */
  remove(item: Item): void {
    const items = this.#clients.get(item.client)
    const index = items?.indexOf(item) ?? -1
    if (!items || index < 0) return
    items.splice(index, 1)
    if (items.length === 0) this.#clients.delete(item.client)
    this.#count--
  }

  /** It is served, and its client is the last in turn. */
  take(item: Item): void {
    this.remove(item)
    const items = this.#clients.get(item.client)
    if (!items) return
    this.#clients.delete(item.client)
    this.#clients.set(item.client, items)
  }
}
