// The names a part of a template can see. Loops, macros and blocks that are captured have scopes of their own; what is
// set inside is gone after them.
import type { Budget } from './budget.ts'
import { told, Undefined, type Value } from './values.ts'

export class Scope {
  readonly #names = new Map<string, Value>()
  readonly #outer: Scope | undefined

  constructor(outer?: Scope) {
    this.#outer = outer
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value)
  }

  /** The innermost value of that name; each scope that is looked at on the way costs. */
  get(name: string, budget: Budget): Value {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      budget.walk(1)
      const value = scope.#names.get(name)
      if (value !== undefined) return value
    }
    return new Undefined(told`'${name}' is undefined`)
  }
}
