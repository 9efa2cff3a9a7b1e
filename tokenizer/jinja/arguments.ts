// Matches the arguments of a call with the parameters of a built-in, in Python's way.
import type { Budget } from './budget.ts'
import { type Arguments, countedItems, isDict, TemplateFault, told, typeName, Undefined, type Value } from './values.ts'

/** A built-in method; it charges what it builds to the budget. */
export type Method<Self> = (self: Self, args: Arguments, budget: Budget) => Value
export type Methods<Self> = Readonly<Record<string, Method<Self>>>

/** What a filter can use: the budget, and the other filters and tests by name. */
export interface Filtering {
  readonly budget: Budget
  filter(name: string, value: Value, args: Arguments): Value
  test(name: string, value: Value, args: Arguments): boolean
}

export type Filter = (value: Value, args: Arguments, filtering: Filtering) => Value

/** What an operation passes over at least, charged before it runs. What lies inside of lists it charges itself. */
export function touch(self: Value, { positional, named }: Arguments, budget: Budget): void {
  budget.spend()
  touchOne(self, budget)
  for (const value of positional) touchOne(value, budget)
  for (const value of named.values()) touchOne(value, budget)
}

function touchOne(value: Value, budget: Budget): void {
  if (typeof value === 'string') budget.look(value.length)
  else if (typeof value === 'object') budget.walk(isDict(value) ? value.size : (countedItems(value)?.length ?? 0))
}

export const NO_ARGUMENTS: Arguments = { positional: [], named: new Map() }

/** What was given for each parameter; absent for those left out. Throws for arguments that fit no parameter. */
export function match<const Names extends readonly string[]>(
  callee: string,
  { positional, named }: Arguments,
  names: Names,
): { readonly [Name in Names[number]]?: Value } {
  if (positional.length > names.length) {
    throw new TemplateFault(told`${callee}: expected at most ${names.length} arguments, found ${positional.length}`)
  }
  const result: Record<string, Value> = {}
  positional.forEach((value, i) => {
    result[names[i]!] = value
  })
  for (const [name, value] of named) {
    if (!names.includes(name)) throw new TemplateFault(told`${callee}: unexpected argument '${name}'`)
    if (name in result) throw new TemplateFault(told`${callee}: argument '${name}' is given twice`)
    result[name] = value
  }
  return result as { [Name in Names[number]]?: Value }
}

export function required(callee: string, name: string, value: Value | undefined): Value {
  if (value === undefined) throw new TemplateFault(told`${callee}: expected an argument '${name}', found none`)
  return value
}

const wrong = (callee: string, wanted: string, value: Value): TemplateFault =>
  new TemplateFault(
    value instanceof Undefined ? value.why : told`${callee}: expected ${wanted}, found ${typeName(value)}`,
  )

export function asText(callee: string, value: Value): string
export function asText(callee: string, value: Value | undefined, fallback: string): string
export function asText(callee: string, value: Value | undefined, fallback?: string): string {
  if (value === undefined && fallback !== undefined) return fallback
  if (typeof value === 'string') return value
  throw wrong(callee, 'a string', value ?? null)
}

/** None counts as left out. */
export function asOptionalText(callee: string, value: Value | undefined): string | undefined {
  return value === undefined || value === null ? undefined : asText(callee, value)
}

export function asInteger(callee: string, value: Value): number
export function asInteger(callee: string, value: Value | undefined, fallback: number): number
export function asInteger(callee: string, value: Value | undefined, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value)
  throw wrong(callee, 'an integer', value ?? null)
}
