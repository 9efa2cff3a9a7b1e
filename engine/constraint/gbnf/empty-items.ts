// Which parts of a grammar accept the text without characters. Pure; linear in the grammar's size.
import type { Item, Rules } from './item.ts'

export function emptyItems(rules: Rules): ReadonlySet<Item> {
  const finder = new EmptyFinder()
  for (const [name, { body }] of rules) finder.add(name, body)
  return finder.find()
}

class EmptyFinder {
  readonly #parents = new Map<Item, Item>()
  /** Parts of an item that must still be found empty. */
  readonly #missing = new Map<Item, number>()
  readonly #references = new Map<string, Item[]>()
  /** Rules by what they consist of. */
  readonly #names = new Map<Item, string>()
  readonly #found: Item[] = []

  add(name: string, body: Item): void {
    this.#names.set(body, name)
    this.#visit(body)
  }

  find(): ReadonlySet<Item> {
    const empty = new Set<Item>()
    for (let item = this.#found.pop(); item; item = this.#found.pop()) {
      if (empty.has(item)) continue
      empty.add(item)
      const name = this.#names.get(item)
      for (const reference of this.#references.get(name ?? '') ?? []) this.#found.push(reference)
      const parent = this.#parents.get(item)
      if (!parent) continue
      const missing = this.#missing.get(parent)! - 1
      this.#missing.set(parent, missing)
      if (missing === 0) this.#found.push(parent)
    }
    return empty
  }

  #visit(item: Item): void {
    switch (item.kind) {
      case 'set':
        return
      case 'text':
        if (item.text === '') this.#found.push(item)
        return
      case 'rule': {
        const known = this.#references.get(item.name)
        if (known) known.push(item)
        else this.#references.set(item.name, [item])
        return
      }
      case 'repeat':
        if (item.least === 0) this.#found.push(item)
        return this.#within(item, [item.body], 1)
      case 'any':
        return this.#within(item, item.of, 1)
      case 'sequence':
        if (item.of.length === 0) this.#found.push(item)
        this.#within(item, item.of, item.of.length)
    }
  }

  #within(item: Item, parts: readonly Item[], missing: number): void {
    this.#missing.set(item, missing)
    for (const part of parts) {
      this.#parents.set(part, item)
      this.#visit(part)
    }
  }
}
