// What a schema lets through: random texts that keep to it are valid, and end within their tokens.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { compileSchema } from '../../../engine/constraint/schema/compile-schema.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { schemaFault } from '../../reference/json-schema.ts'
import { SCHEMAS } from './schemas.ts'
import { someConstraints, walk } from './walk.ts'

const SEEDS = 60

const refusalOf = (schema: unknown): string => {
  try {
    compileSchema(schema)
  } catch (error) {
    if (error instanceof TsinferError) return `${error.code}: ${error.message}`
    throw error
  }
  throw new Error(`${JSON.stringify(schema)} was not refused`)
}

for (const [name, schema] of Object.entries(SCHEMAS)) {
  test(`${name}: random texts are valid and end in time`, () => {
    const vocabulary = someConstraints()
    let refused = 0
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = createRandom(seed)
      const tokensMost = random.pick([1, 3, 8, 20, 60, 300])
      const stopTokens = random.pick([[0], []])
      try {
        const { text } = walk(vocabulary, schema, tokensMost, random, stopTokens)
        assert.is(schemaFault(JSON.parse(text), schema), '', `seed ${seed}: ${text}`)
      } catch (error) {
        if (!(error instanceof TsinferError)) throw error
        assert.match(
          error.message,
          /^responseFormat: expected room for its shortest text, \d+ tokens, found room for \d+ tokens$/,
        )
        refused++
      }
    }
    assert.ok(refused < SEEDS * 0.8, `${refused} refused`)
  })
}

test('the smallest room that is accepted is enough, and what it needs is told', () => {
  const vocabulary = someConstraints()
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    let needed = 0
    try {
      walk(vocabulary, schema, 0, createRandom(1))
    } catch (error) {
      needed = Number(/(\d+) tokens, found/.exec((error as Error).message)?.[1])
    }
    assert.ok(needed > 0, name)
    assert.throws(() => walk(vocabulary, schema, needed - 1, createRandom(1)), /expected room/)
    for (let seed = 0; seed < 20; seed++) {
      const { text, tokens } = walk(vocabulary, schema, needed, createRandom(seed))
      assert.is(schemaFault(JSON.parse(text), schema), '', text)
      assert.ok(tokens <= needed)
    }
  }
})

test('unknown keywords and annotations are ignored', () => {
  const annotations = { $anchor: 'x', whatever: 1, id: 5, 'x-order': [], self: {}, readonly: true }
  assert.equal(compileSchema({ type: 'string', ...annotations }), compileSchema({ type: 'string' }))
})

test('schemas that contradict themselves or are none are refused', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [5, /^schema_invalid: schema #: expected a schema \(an object or a boolean\), found 5$/],
    [{ type: 'text' }, /#\/type: expected types \(object, .*\), found "text"/],
    [{ minLength: -1 }, /#\/minLength: expected an integer of at least 0, found -1/],
    [{ minimum: '1' }, /#\/minimum: expected a number, found "1"/],
    [{ enum: 'a' }, /#\/enum: expected an array, found "a"/],
    [{ anyOf: [] }, /#\/anyOf: expected at least one schema/],
    [{ $ref: '#/$defs/a' }, /#\/\$ref: expected a pointer to a schema, found "#\/\$defs\/a"/],
    [{ $ref: 'http://example.com/a' }, /schema_unsupported.*expected a pointer into this schema/],
    [{ $ref: '#' }, /expected \$ref to something else, found "a circle"/],
    [{ $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, {}] } }, $ref: '#/$defs/a' }, /a circle/],
    [false, /expected one that some value fits/],
    [{ type: 'string', enum: [1, 2] }, /expected one that some value fits/],
    [{ minimum: 3, maximum: 2 }, /expected one that some value fits/],
    [{ minItems: 3, maxItems: 2 }, /expected one that some value fits/],
    [{ type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 2 }, /expected one that some value fits/],
    [{ properties: { a: false }, required: ['a'] }, /expected one that some value fits/],
    [{ required: ['a'], additionalProperties: false }, /expected one that some value fits/],
    [{ properties: { next: { $ref: '#' } }, required: ['next'] }, /expected one that some value fits/],
  ]
  for (const [schema, message] of cases) assert.match(refusalOf(schema), message, JSON.stringify(schema))
})

test('a schema that is too deep is refused', () => {
  let deep: object = { type: 'null' }
  for (let level = 0; level < 10_000; level++) deep = { type: 'array', items: deep }
  assert.match(refusalOf(deep), /expected at most 256 levels/)
})

test.run()
