// Arithmetic and concatenation as Python defines them.
import type { Budget } from './budget.ts'
import { compare, contains, isEqual } from './comparison.ts'
import { formatPercent } from './formatting.ts'
import { repeat } from './python-text.ts'
import { valueText } from './text.ts'
import { asNumber, bitsOf, defined, TemplateFault, Tuple, told, typeName, type Value } from './values.ts'

type Numeric = bigint | number

/** Every operator with two operands but `and` and `or`, which do not always look at the second. */
export function binary(operator: string, a: Value, b: Value, budget: Budget): Value {
  switch (operator) {
    case '==':
      return isEqual(a, b, budget)
    case '!=':
      return !isEqual(a, b, budget)
    case 'in':
      return contains(b, a, budget)
    case 'not in':
      return !contains(b, a, budget)
    case '<':
      return compare(a, b, budget, operator) < 0
    case '<=':
      return compare(a, b, budget, operator) <= 0
    case '>':
      return compare(a, b, budget, operator) > 0
    case '>=':
      return compare(a, b, budget, operator) >= 0
    case '~':
      return concatenate(valueText(a, budget), valueText(b, budget), budget)
    default:
      return arithmetic(operator, defined(a), defined(b), budget)
  }
}

export function concatenate(a: string, b: string, budget: Budget): string {
  budget.characters(a.length + b.length, Math.min(a.length, b.length))
  return a + b
}

function arithmetic(operator: string, a: Value, b: Value, budget: Budget): Value {
  const [x, y] = [asNumber(a), asNumber(b)]
  if (x !== undefined && y !== undefined) return calculate(operator, x, y, budget)
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') return concatenate(a, b, budget)
    if (Array.isArray(a) && Array.isArray(b)) return joined(a, b, budget)
    if (a instanceof Tuple && b instanceof Tuple) return new Tuple(joined(a.items, b.items, budget))
  }
  if (operator === '*') {
    const [value, times] = y === undefined ? [b, x] : [a, y]
    if (typeof times === 'bigint') {
      if (typeof value === 'string') return repeat(value, Number(times), budget)
      if (Array.isArray(value)) return repeated(value, Number(times), budget)
      if (value instanceof Tuple) return new Tuple(repeated(value.items, Number(times), budget))
    }
  }
  if (operator === '%' && typeof a === 'string') return formatPercent(a, b, budget)
  const types = `'${typeName(a)}' and '${typeName(b)}'`
  throw new TemplateFault(
    typeof a === 'string' && operator === '+'
      ? `can only concatenate str (not "${typeName(b)}") to str`
      : `unsupported operand type(s) for ${operator}: ${types}`,
  )
}

function joined(a: readonly Value[], b: readonly Value[], budget: Budget): Value[] {
  budget.elements(a.length + b.length)
  return a.concat(b)
}

function repeated(items: readonly Value[], times: number, budget: Budget): Value[] {
  const count = Math.max(0, times)
  budget.elements(items.length * count)
  return Array.from({ length: items.length * count }, (_, i) => items[i % items.length]!)
}

function calculate(operator: string, a: Numeric, b: Numeric, budget: Budget): Numeric {
  if (typeof a === 'bigint' && typeof b === 'bigint' && operator !== '/') return integers(operator, a, b, budget)
  const [x, y] = [Number(a), Number(b)]
  switch (operator) {
    case '+':
      return x + y
    case '-':
      return x - y
    case '*':
      return x * y
    case '/':
      if (y === 0) throw new TemplateFault('division by zero')
      return x / y
    case '//':
      if (y === 0) throw new TemplateFault('float floor division by zero')
      return Math.floor((x - Number(modulo(x, y))) / y + 0.5)
    case '%':
      return modulo(x, y)
    default:
      return power(x, y)
  }
}

/** Has the sign of the divisor. */
export function modulo(x: Numeric, y: Numeric): Numeric {
  if (typeof x === 'bigint' && typeof y === 'bigint') {
    if (y === 0n) throw new TemplateFault('integer division or modulo by zero')
    const rest = x % y
    return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest
  }
  const divisor = Number(y)
  if (divisor === 0) throw new TemplateFault('float modulo')
  const rest = Number(x) % divisor
  return rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest
}

function power(x: number, y: number): number {
  if (x === 0 && y < 0) throw new TemplateFault('0.0 cannot be raised to a negative power')
  const result = x ** y
  if (Number.isNaN(result) && !Number.isNaN(x) && !Number.isNaN(y)) {
    throw new TemplateFault('expected a real number, found a power that is complex')
  }
  return result
}

function integers(operator: string, a: bigint, b: bigint, budget: Budget): Numeric {
  switch (operator) {
    case '+':
      budget.integer(Math.max(bitsOf(a), bitsOf(b)) + 1)
      return a + b
    case '-':
      budget.integer(Math.max(bitsOf(a), bitsOf(b)) + 1)
      return a - b
    case '*':
      budget.integer(bitsOf(a) + bitsOf(b))
      return a * b
    case '//':
      budget.integer(Math.max(bitsOf(a), bitsOf(b)))
      return (a - BigInt(modulo(a, b))) / b
    case '%':
      budget.integer(Math.max(bitsOf(a), bitsOf(b)))
      return modulo(a, b)
    default:
      if (b < 0n) return power(Number(a), Number(b))
      budget.integer(a === 0n || a === 1n || a === -1n ? 1 : bitsOf(a) * Number(b))
      return a ** b
  }
}

/** `-value` and `+value`. */
export function signed(operator: string, value: Value): Value {
  const number = asNumber(defined(value))
  if (number === undefined) throw new TemplateFault(told`bad operand type for unary ${operator}: '${typeName(value)}'`)
  return operator === '-' ? -number : number
}
