// The functions every template can call.
import { asInteger, asText, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { entriesOf } from './dict-methods.ts'
import type { Scope } from './scope.ts'
import { type LocalTime, strftime } from './strftime.ts'
import { valueText } from './text.ts'
import { type Arguments, Callable, Namespace, Range, Refusal, TemplateFault, told, type Value } from './values.ts'

/** The sandbox's bound. */
const RANGE_MAX = 100_000

/** Puts them into the outermost scope. Without `now`, `strftime_now` is undefined. */
export function defineGlobals(scope: Scope, now: LocalTime | undefined, budget: Budget): void {
  const define = (name: string, call: (args: Arguments) => Value) => scope.set(name, new Callable(name, call))
  define('range', (args) => range(args, budget))
  define('dict', (args) => entriesOf('dict', args, budget))
  define('namespace', (args) => {
    const given = entriesOf('namespace', args, budget)
    budget.entries(given.size)
    const fields = Array.from(given, ([key, value]) => [valueText(key, budget), value] as const)
    return new Namespace(new Map(fields))
  })
  define('raise_exception', (args) => {
    const { message = '' } = match('raise_exception', args, ['message'])
    throw new Refusal(valueText(message, budget))
  })
  if (now !== undefined) {
    define('strftime_now', (args) => {
      const { format } = match('strftime_now', args, ['format'])
      return strftime(asText('strftime_now', required('strftime_now', 'format', format)), now, budget)
    })
  }
}

function range(args: Arguments, budget: Budget): Range {
  const bounds = args.positional.map((value) => asInteger('range', value))
  if (bounds.length === 0 || bounds.length > 3 || args.named.size > 0) {
    throw new TemplateFault(told`range: expected 1 to 3 arguments, found ${bounds.length + args.named.size}`)
  }
  const [start, stop, step = 1] = bounds.length === 1 ? [0, bounds[0]!] : (bounds as [number, number, number?])
  if (step === 0) throw new TemplateFault('range() arg 3 must not be zero')
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (count > RANGE_MAX) throw new TemplateFault(told`range: expected at most ${RANGE_MAX} numbers, found ${count}`)
  budget.elements(count)
  const items = Array.from({ length: count }, (_, i) => BigInt(start + i * step))
  return new Range(items, `range(${start}, ${stop}${step === 1 ? '' : `, ${step}`})`)
}
