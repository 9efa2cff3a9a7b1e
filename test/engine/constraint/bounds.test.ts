// Schemas that are made to be costly end in an error or in work that is bounded.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { resolveResponseFormat } from '../../../engine/constraint/response-format.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { schemaFault } from '../../reference/json-schema.ts'
import { someConstraints, walk, writeWith } from './walk.ts'

type Schema = Readonly<Record<string, unknown>>

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
const nested = (levels: number, around: (inner: Schema) => Schema, innermost: Schema): Schema =>
  numbers(levels).reduce(around, innermost)

const refusal = (schema: unknown): string => {
  try {
    resolveResponseFormat({ type: 'json_schema', schema: schema as Schema })
  } catch (error) {
    if (error instanceof TsinferError) return `${error.code}: ${error.message}`
    throw error
  }
  return ''
}

test('schemas that are too big, too deep or no JSON are refused in one line', () => {
  const circle: Record<string, unknown> = { type: 'array' }
  circle.items = circle
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [nested(14, (inner) => ({ anyOf: [inner, inner, { minimum: 3 }] }), { type: 'null' }), /at most 65536 states/],
    [nested(30, (inner) => ({ anyOf: [inner, inner] }), { type: 'null' }), /a size of at most 4194304, found more/],
    [nested(30, (inner) => ({ properties: { a: inner, b: inner } }), {}), /a size of at most/],
    [nested(30, (inner) => ({ prefixItems: [inner, inner], minItems: 2 }), {}), /a size of at most/],
    [{ enum: numbers(100_000).map((i) => `some value ${i}`) }, /at most 65536 states/],
    [{ const: 'x'.repeat(100_000) }, /at most 65536 states/],
    [
      { properties: { ['x'.repeat(50_000)]: { type: 'null' } }, additionalProperties: true },
      /few states|at most 65536/,
    ],
    [nested(100_000, (inner) => ({ const: inner }), {}), /schema_invalid/],
    [nested(300, (inner) => ({ items: inner }), {}), /at most 256 levels/],
    [
      { dependentRequired: Object.fromEntries(numbers(40).map((i) => [`a${i}`, [`b${i}`]])) },
      /#\/dependentRequired: expected fewer ways to keep the schema, found too many/,
    ],
    [circle, /^schema_invalid: schema: expected at most 1024 levels, found more$/],
    [{ const: 1n }, /expected values that JSON has, found 1n/],
    [() => {}, /expected values that JSON has, found a function/],
    [{ anyOf: numbers(300).map((i) => ({ const: i })) }, /#\/anyOf: expected at most 256 schemas, found 300/],
    [
      { oneOf: numbers(90).map((i) => ({ anyOf: numbers(90).map((j) => ({ const: i * 1000 + j })) })) },
      /expected fewer ways to keep the schema, found too many/,
    ],
    [
      {
        $defs: Object.fromEntries(numbers(1000).map((i) => [i, { items: { $ref: `#/$defs/${i + 1}` } }])),
        $ref: '#/$defs/0',
      },
      /at most 256 levels/,
    ],
  ]
  for (const [schema, message] of cases) {
    const found = refusal(schema)
    assert.match(found, message)
    assert.not.match(found, /\n/)
  }
})

test('what needs more room than there can ever be is refused before generating', () => {
  const vocabulary = someConstraints()
  const huge = [
    { type: 'string', minLength: 2 ** 53 - 1 },
    { type: 'string', minLength: 100_000 },
    { type: 'array', items: { type: 'null' }, minItems: 2 ** 50 },
    nested(10, (inner) => ({ type: 'array', items: inner, minItems: 1e6 }), { type: 'null' }),
  ]
  for (const schema of huge) {
    assert.throws(
      () => walk(vocabulary, schema, 1000, createRandom(1)),
      /^responseFormat: expected room for its shortest text, \S+ bytes, found room for 1000 tokens$/,
    )
  }
})

test('counts beyond any text cost nothing', () => {
  const vocabulary = someConstraints()
  const schemas = [
    { type: 'string', maxLength: 2 ** 53 - 1 },
    nested(10, (inner) => ({ type: 'array', items: inner, maxItems: 1e9 }), { type: 'integer' }),
    { type: 'object', properties: Object.fromEntries(numbers(500).map((i) => [`key ${i}`, { type: 'null' }])) },
  ]
  for (const schema of schemas) {
    const { text } = walk(vocabulary, schema, 200, createRandom(5))
    assert.is(schemaFault(JSON.parse(text), schema), '', text)
  }
})

test('a text that may be read in ever more ways goes on, and stays valid', () => {
  const node = { $ref: '#/$defs/node' }
  const arrays = {
    $defs: { node: { anyOf: [1, 2, 3].map((i) => ({ type: 'array', items: node, maxItems: 4 + i })) } },
    ...node,
  }
  const operation = (op: string) => ({
    type: 'object',
    properties: { left: node, op: { const: op }, right: node },
    required: ['left', 'op', 'right'],
  })
  const sums = { $defs: { node: { anyOf: [...['+', '-', '*', '/'].map(operation), { type: 'number' }] } }, ...node }
  // The reference would try every way to read the arrays: here each may have up to six items.
  const mostItems = (value: unknown[]): number =>
    value.reduce((most: number, item) => Math.max(most, mostItems(item as unknown[])), value.length)
  const brackets = writeWith(someConstraints(), arrays, 60, '['.repeat(20), createRandom(3)).text
  assert.ok(mostItems(JSON.parse(brackets)) <= 6, brackets)
  const begin = '{"left":'.repeat(5)
  const { text } = writeWith(someConstraints(), sums, 150, begin, createRandom(3))
  assert.ok(text.startsWith(begin))
  assert.is(schemaFault(JSON.parse(text), sums), '', text)
})

test('too many ways at once end the request, not the process', () => {
  const strings = numbers(255).map((i) => ({ type: 'string', minLength: 300 + i }))
  const texts = numbers(200).map((i) => `"${'y'.repeat(i + 1)}`)
  // None of the strings can be closed with ten tokens, which takes a count for each of them after every text.
  assert.throws(
    () => walk(someConstraints(texts), { anyOf: [...strings, { type: 'null' }] }, 10, createRandom(1)),
    /^responseFormat: expected alternatives that can be told apart as they are written, found too many that cannot$/,
  )
})

test.run()
