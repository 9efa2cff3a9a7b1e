// Jinja's tests: `value is name(...)`.
import { match, required, touch } from './arguments.ts'
import type { Budget } from './budget.ts'
import { compare, contains, isEqual } from './comparison.ts'
import { modulo } from './operators.ts'
import { valueText } from './text.ts'
import {
  type Arguments,
  asNumber,
  Callable,
  countedItems,
  defined,
  Iteration,
  indexedItems,
  isDict,
  TemplateFault,
  told,
  Undefined,
  type Value,
} from './values.ts'

export type Test = (value: Value, args: Arguments, budget: Budget) => boolean

const simple =
  (name: string, holds: (value: Value) => boolean): Test =>
  (value, args) => {
    match(name, args, [])
    return holds(value)
  }

const other = (name: string, args: Arguments): Value => required(name, 'other', match(name, args, ['other']).other)

const ordered =
  (operator: string, holds: (order: number) => boolean): Test =>
  (value, args, budget) =>
    holds(compare(value, other(operator, args), budget, operator))

const parity = (name: string, rest: number): Test =>
  simple(name, (value) => {
    const number = asNumber(value)
    if (number === undefined)
      throw new TemplateFault(value instanceof Undefined ? value.why : told`${name}: expected a number`)
    return Number(modulo(number, 2n)) === rest
  })

const cased =
  (name: string, change: (text: string) => string): Test =>
  (value, args, budget) => {
    match(name, args, [])
    const text = valueText(value, budget)
    budget.look(3 * text.length)
    return text === change(text) && text.toLowerCase() !== text.toUpperCase()
  }

const equal: Test = (value, args, budget) => isEqual(value, other('eq', args), budget)
const unequal: Test = (value, args, budget) => !isEqual(value, other('ne', args), budget)
const greater = ordered('>', (order) => order > 0)
const less = ordered('<', (order) => order < 0)
const atLeast = ordered('>=', (order) => order >= 0)
const atMost = ordered('<=', (order) => order <= 0)

const isIterable = (value: Value): boolean =>
  typeof value === 'string' ||
  value instanceof Undefined ||
  value instanceof Iteration ||
  isDict(value) ||
  countedItems(value) !== undefined

const isSequence = (value: Value): boolean =>
  typeof value === 'string' || value instanceof Undefined || isDict(value) || indexedItems(value) !== undefined

export const TESTS: Readonly<Record<string, Test>> = {
  '!=': unequal,
  '<': less,
  '<=': atMost,
  '==': equal,
  '>': greater,
  '>=': atLeast,
  boolean: simple('boolean', (value) => typeof value === 'boolean'),
  callable: simple('callable', (value) => value instanceof Callable || value instanceof Undefined),
  defined: simple('defined', (value) => !(value instanceof Undefined)),
  divisibleby: (value, args) => {
    const divisor = asNumber(required('divisibleby', 'num', match('divisibleby', args, ['num']).num))
    const number = asNumber(defined(value))
    if (number === undefined || divisor === undefined) throw new TemplateFault('divisibleby: expected two numbers')
    return Number(modulo(number, divisor)) === 0
  },
  eq: equal,
  equalto: equal,
  escaped: simple('escaped', () => false),
  even: parity('even', 0),
  false: simple('false', (value) => value === false),
  float: simple('float', (value) => typeof value === 'number'),
  ge: atLeast,
  greaterthan: greater,
  gt: greater,
  in: (value, args, budget) => contains(other('in', args), value, budget),
  integer: simple('integer', (value) => typeof value === 'bigint'),
  iterable: simple('iterable', isIterable),
  le: atMost,
  lessthan: less,
  lower: cased('lower', (text) => text.toLowerCase()),
  lt: less,
  mapping: simple('mapping', isDict),
  ne: unequal,
  none: simple('none', (value) => value === null),
  number: simple('number', (value) => asNumber(value) !== undefined),
  odd: parity('odd', 1),
  sameas: (value, args) => Object.is(value, other('sameas', args)),
  sequence: simple('sequence', isSequence),
  string: simple('string', (value) => typeof value === 'string'),
  true: simple('true', (value) => value === true),
  undefined: simple('undefined', (value) => value instanceof Undefined),
  upper: cased('upper', (text) => text.toUpperCase()),
}

/** They see a value from outside, so they cost the same for every size. */
const UNSIZED_TESTS: ReadonlySet<string> = new Set([
  ...['boolean', 'callable', 'defined', 'divisibleby', 'escaped', 'even', 'false', 'float', 'integer', 'iterable'],
  ...['mapping', 'none', 'number', 'odd', 'sequence', 'string', 'true', 'undefined'],
])

/** Charges what the test passes over and runs it. Throws for a test that Jinja does not have. */
export function applyTest(name: string, value: Value, args: Arguments, budget: Budget): boolean {
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined
  if (test === undefined) throw new TemplateFault(told`expected a test that Jinja has, found '${name}'`)
  if (!UNSIZED_TESTS.has(name)) touch(value, args, budget)
  return test(value, args, budget)
}
