// Every operation of a template is charged by the sizes it touches, before it runs.
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { ChatTemplate } from '../../../tokenizer/chat-template.ts'
import { Budget, STEPS_MAX } from '../../../tokenizer/jinja/budget.ts'
import { DICT_METHODS } from '../../../tokenizer/jinja/dict-methods.ts'
import { FILTERS } from '../../../tokenizer/jinja/filters.ts'
import { defineGlobals } from '../../../tokenizer/jinja/globals.ts'
import { BINARY_OPERATORS } from '../../../tokenizer/jinja/lexer.ts'
import { LIST_METHODS, TUPLE_METHODS } from '../../../tokenizer/jinja/list-methods.ts'
import { loopState } from '../../../tokenizer/jinja/loop-state.ts'
import { Scope } from '../../../tokenizer/jinja/scope.ts'
import { Needle } from '../../../tokenizer/jinja/search.ts'
import { parseLocalTime } from '../../../tokenizer/jinja/strftime.ts'
import { STRING_METHODS } from '../../../tokenizer/jinja/string-methods.ts'
import type { Node } from '../../../tokenizer/jinja/syntax.ts'
import { TESTS } from '../../../tokenizer/jinja/tests.ts'
import { Callable, type Value } from '../../../tokenizer/jinja/values.ts'
import { HOSTILE, hostileVariables, UNSIZED } from './hostile-operations.ts'
import { watchNatives } from './watched-natives.ts'

const now = parseLocalTime('2026-01-02T03:04:05')

/** The compiler asks for every kind of node. */
const NODES: Readonly<Record<Node['type'], true>> = {
  ArrayLiteral: true,
  BinaryExpression: true,
  Break: true,
  CallExpression: true,
  CallStatement: true,
  Comment: true,
  Continue: true,
  FilterExpression: true,
  FilterStatement: true,
  FloatLiteral: true,
  For: true,
  Identifier: true,
  If: true,
  IntegerLiteral: true,
  KeywordArgumentExpression: true,
  KeywordSpreadExpression: true,
  Macro: true,
  MemberExpression: true,
  ObjectLiteral: true,
  SelectExpression: true,
  Set: true,
  SliceExpression: true,
  SpreadExpression: true,
  StringLiteral: true,
  Ternary: true,
  TupleLiteral: true,
  UnaryExpression: true,
}

/** All that a template can do, from the code's own registries. */
function operations(): string[] {
  const globals: string[] = []
  const scope = new Scope()
  scope.set = (name) => void globals.push(name)
  defineGlobals(scope, now, new Budget())
  const setting = { items: [1n], depth: 1, again: undefined, changes: {}, budget: new Budget() }
  const loop = [...loopState(setting, 0).fields].filter(([, value]) => value instanceof Callable)
  const named = (kind: string, registry: object) => Object.keys(registry).map((name) => kind + name)
  return [
    ...named('filter ', FILTERS),
    ...named('test ', TESTS),
    ...named('str.', { ...STRING_METHODS, format: true }),
    ...named('dict.', DICT_METHODS),
    ...named('list.', LIST_METHODS),
    ...named('tuple.', TUPLE_METHODS),
    ...BINARY_OPERATORS.map((operator) => `operator ${operator}`),
    ...globals.map((name) => `global ${name}`),
    ...loop.map(([name]) => `loop.${name}`),
    ...Object.keys(NODES),
  ].sort()
}

test('operations: each has a hostile input in the table', () => {
  assert.equal(Object.keys(HOSTILE).sort(), operations())
})

/** Steps of a rendering; that it may be refused in the end is no matter here. */
function stepsOf(source: string, variables: ReadonlyMap<string, Value>): number {
  const template = new ChatTemplate(source)
  const budget = new Budget()
  try {
    template.render({ variables, now, budget })
  } catch (error) {
    if (!(error instanceof TsinferError)) throw error
  }
  return budget.spent
}

const SMALL = 1 << 10
const LARGE = 1 << 14
/** Characters that a step pays for at most. */
const PAID_MAX = 256

for (const [operation, source] of Object.entries(HOSTILE)) {
  test(`operations: ${operation} costs by what it touches, linearly`, () => {
    const small = stepsOf(source, hostileVariables(source, SMALL))
    const large = stepsOf(source, hostileVariables(source, LARGE))
    if (UNSIZED.has(operation)) return assert.is(large, small)
    assert.ok(large - small >= (LARGE - SMALL) / 2 / PAID_MAX, `${small} and ${large} steps`)
    // What sorts costs the logarithm more.
    assert.ok(large <= 25 * small, `${small} and ${large} steps`)
  })

  test(`operations: ${operation} is charged before it runs`, () => {
    const variables = hostileVariables(source, LARGE)
    const template = new ChatTemplate(source)
    const budget = new Budget()
    const unpaid: string[] = []
    const unwatch = watchNatives((native, size) => {
      if (size > LARGE / 4 && budget.spent < size / PAID_MAX)
        unpaid.push(`${native} of ${size} after ${budget.spent} steps`)
    })
    try {
      template.render({ variables, now, budget })
    } catch (error) {
      if (!(error instanceof TsinferError)) throw error
    } finally {
      unwatch()
    }
    assert.equal(unpaid, [])
  })
}

test('operations: what a change is too dear for is left as it was', () => {
  const poor = () => new Budget(100)
  for (const [name, source] of Object.entries(HOSTILE)) {
    if (!/^(list|dict)\.(clear|extend|insert|pop|popitem|remove|reverse|sort|update)$/.test(name)) continue
    const variables = hostileVariables(source, LARGE)
    const before = structuredClone([variables.get('list'), variables.get('map')])
    assert.throws(() => new ChatTemplate(source).render({ variables, now, budget: poor() }), /loops on and on/, name)
    assert.equal([variables.get('list'), variables.get('map')], before, name)
  }
})

test('search: finds what the engine finds, from both ends', () => {
  const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), maxLength })
  fc.assert(
    fc.property(letters(200), letters(30), fc.nat(210), (text, part, from) => {
      if (part === '') return
      assert.is(
        new Needle(part).find(text, Math.min(from, text.length)),
        text.indexOf(part, Math.min(from, text.length)),
      )
      const end = Math.min(from, text.length)
      const last = end < part.length ? -1 : text.lastIndexOf(part, end - part.length)
      assert.is(new Needle(part, true).find(text, end), last)
    }),
    { numRuns: 5000 },
  )
})

test('search: periodic texts', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 7 }),
      fc.nat(12),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }),
      fc.nat(20),
      (period, times, tail, more) => {
        const part = period.repeat(times + 2) + tail
        const text = period.repeat(more) + tail + part + tail + period.repeat(more)
        assert.is(new Needle(part).find(text, 0), text.indexOf(part))
        assert.is(new Needle(part, true).find(text, text.length), text.lastIndexOf(part))
      },
    ),
    { numRuns: 5000 },
  )
})

// With a search that takes the product of both lengths these run for hours.
const MANY = 1 << 20
const SEARCHES = [
  '{{ p in s }}',
  '{{ p is in s }}',
  '{{ s.find(p) }}',
  '{{ s.rfind(p) }}',
  '{{ s.count(p) }}',
  '{{ s.replace(p, "") | length }}',
  '{{ s | replace(p, "") | length }}',
  '{{ s.split(p) | length }}',
  '{{ s.rsplit(p, 3) | length }}',
  '{{ s.partition(p) | length }}',
  '{{ s.rpartition(p) | length }}',
]
for (const source of SEARCHES) {
  test(`search: ${source} in linear time`, () => {
    const variables = new Map<string, Value>([
      ['p', `${'a'.repeat(MANY)}b${'a'.repeat(MANY)}`],
      ['s', 'a'.repeat(4 * MANY)],
    ])
    const budget = new Budget()
    const text = new ChatTemplate(source).render({ variables, now, budget })
    assert.match(text, /^(False|-1|0|1|3|4194304)$/)
    assert.ok(budget.spent < STEPS_MAX / 4)
  })
}

test.run()
