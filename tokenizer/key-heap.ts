// A binary heap of numbers, smallest first, over one typed array. Pure.

export class KeyHeap {
  /** Numbers in it. */
  size = 0
  #keys: Float64Array

  constructor(capacity: number) {
    this.#keys = new Float64Array(capacity)
  }

  push(key: number): void {
    if (this.size === this.#keys.length) this.#grow()
    const keys = this.#keys
    let at = this.size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (keys[parent]! <= key) break
      keys[at] = keys[parent]!
      at = parent
    }
    keys[at] = key
  }

  /** Takes the smallest out. There must be one. */
  pop(): number {
    const keys = this.#keys
    const top = keys[0]!
    const count = --this.size
    const last = keys[count]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= count) break
      if (child + 1 < count && keys[child + 1]! < keys[child]!) child++
      if (keys[child]! >= last) break
      keys[at] = keys[child]!
      at = child
    }
    keys[at] = last
    return top
  }

  #grow(): void {
    const keys = new Float64Array(Math.max(16, this.#keys.length * 2))
    keys.set(this.#keys)
    this.#keys = keys
  }
}
