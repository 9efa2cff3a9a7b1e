// Values of a JavaScript program as those of a template.
import { isTooDeep, tooDeep } from './text.ts'
import { type Key, TemplateFault, told, type Value } from './values.ts'

/** Whole numbers become integers; entries without a value are left out. Throws for what JSON could not hold. */
export function toValue(input: unknown, nesting = 0): Value {
  if (isTooDeep(nesting)) throw tooDeep()
  switch (typeof input) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return input
    case 'number':
      return Number.isInteger(input) ? BigInt(input) : input
    case 'object':
      break
    default:
      throw new TemplateFault(told`expected values that JSON can hold, found a ${typeof input}`)
  }
  if (input === null) return null
  if (Array.isArray(input)) return input.map((item) => toValue(item === undefined ? null : item, nesting + 1))
  const entries = Object.entries(input).filter(([, value]) => value !== undefined)
  return new Map(entries.map(([key, value]): [Key, Value] => [key, toValue(value, nesting + 1)]))
}
