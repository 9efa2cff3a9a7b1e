// Which values each keyword lets through: those that keep it, and none that do not.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compileSchema } from '../../../engine/constraint/schema/compile-schema.ts'
import { valueAcceptor } from './accepts.ts'

interface KeywordCase {
  readonly schema: unknown
  readonly valid: readonly unknown[]
  readonly invalid: readonly unknown[]
}

const DRAFT_4 = 'http://json-schema.org/draft-04/schema#'
const DRAFT_7 = 'http://json-schema.org/draft-07/schema#'

const CASES: Readonly<Record<string, KeywordCase>> = {
  pattern: {
    schema: { type: 'string', pattern: '^(?!foo)[a-z]+\\d?$', maxLength: 5 },
    valid: ['bar', 'bar1', 'fo'],
    invalid: ['foo', 'foob', 'bar12', 'barbar', '', 'Bar'],
  },
  'pattern that is not anchored': {
    schema: { type: 'string', pattern: 'b{2}|c' },
    valid: ['abba', 'c', '"\\\nc', '日本c😀'],
    invalid: ['ab', ''],
  },
  'characters that JSON escapes': {
    schema: { type: 'string', pattern: '^[\\s"\\\\\\x01]+$' },
    valid: ['\n', '"\\\t', '\u0001', ' '],
    invalid: ['\u0002', 'n'],
  },
  'classes of Unicode': { schema: { type: 'string', pattern: '^\\p{Lu}+$' }, valid: ['ÄЖ'], invalid: ['ä', '1'] },
  'two patterns': {
    schema: { type: 'string', allOf: [{ pattern: 'a' }, { pattern: 'b' }], not: { pattern: 'c' } },
    valid: ['ab', 'xbxa'],
    invalid: ['a', 'abc'],
  },
  date: {
    schema: { type: 'string', format: 'date' },
    valid: ['2024-02-29', '1999-12-31', '2000-02-29'],
    invalid: ['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '24-01-01', '2024-01-01T00:00:00Z'],
  },
  'date-time': {
    schema: { format: 'date-time' },
    valid: ['2024-01-31T23:59:59.5Z', '2024-01-31T00:00:00+02:00'],
    invalid: ['2024-01-31T24:00:00Z', '2024-01-31T00:00:00', '2024-01-31 00:00:00Z'],
  },
  email: { schema: { format: 'email' }, valid: ['a.b@c.de'], invalid: ['a', '@b.de', 'a..b@c.de', 'a@b', 'a@-b.de'] },
  ipv6: {
    schema: { format: 'ipv6' },
    valid: ['::', '::1', '1:2:3:4:5:6:7:8', 'fe80::a:b', '::ffff:1.2.3.4'],
    invalid: [':', '1:2', '1::2::3', '1:2:3:4:5:6:7:8:9', '12345::'],
  },
  uri: { schema: { format: 'uri' }, valid: ['https://a.de/b?c#d', 'urn:a:b'], invalid: ['/a', 'a b:c', 'http://a b'] },
  'formats that say nothing': { schema: { type: 'string', format: 'color' }, valid: ['x', ''], invalid: [1] },
  int32: { schema: { type: 'number', format: 'int32' }, valid: [0, -5, 2147483647], invalid: [0.5, 2147483648] },
  'multiples of an integer': {
    schema: { type: 'integer', multipleOf: 7, minimum: -20, exclusiveMaximum: 700 },
    valid: [0, 7, -14, 693],
    invalid: [1, -21, 700, 694],
  },
  'multiples of a quarter': { schema: { multipleOf: 0.25 }, valid: [0, 1, 2.75, -0.5], invalid: [0.1, 0.125] },
  'multiples of a hundredth': { schema: { multipleOf: 0.01 }, valid: [0.25, 3, -1.5], invalid: [0.001, 0.255] },
  'multiples of two numbers': {
    schema: { type: 'integer', allOf: [{ multipleOf: 4 }, { multipleOf: 6 }] },
    valid: [12, 24],
    invalid: [4, 6, 18],
  },
  'no multiple': { schema: { type: 'number', not: { multipleOf: 3 } }, valid: [1, 0.5, -4], invalid: [0, 3, -9] },
  'bounds of draft 4': {
    schema: { $schema: DRAFT_4, type: 'integer', minimum: 1, exclusiveMinimum: true, maximum: 5 },
    valid: [2, 5],
    invalid: [1, 6],
  },
  'additional members where nothing is said': {
    schema: { properties: { a: { type: 'integer' } } },
    valid: [{}, { a: 1 }, { a: 1, b: 'x' }, { b: null }],
    invalid: [{ a: 'x' }, { b: 1, a: 'x' }],
  },
  patternProperties: {
    schema: { type: 'object', patternProperties: { '^n': { type: 'number' }, s$: { type: ['string', 'number'] } } },
    valid: [{ n: 1, s: 'x', other: true }, { ns: 2 }],
    invalid: [{ n: 'x' }, { s: true }, { ns: 'x' }],
  },
  'patternProperties beside named ones': {
    schema: {
      type: 'object',
      properties: { name: { minLength: 2 } },
      patternProperties: { '^n': { type: 'string' } },
      additionalProperties: false,
    },
    valid: [{}, { name: 'ab', nx: '' }],
    invalid: [{ name: 'a' }, { name: 1 }, { nx: 1 }, { x: '' }],
  },
  propertyNames: {
    schema: { type: 'object', propertyNames: { pattern: '^[a-c]+$', maxLength: 2 }, required: ['a'] },
    valid: [{ a: 1 }, { a: 1, bc: 2 }],
    invalid: [{}, { a: 1, d: 2 }, { a: 1, abc: 2 }],
  },
  'counts of members': {
    schema: { properties: { a: {}, b: {}, c: {} }, additionalProperties: false, minProperties: 2, maxProperties: 2 },
    valid: [
      { a: 1, b: 2 },
      { a: 1, c: 2 },
      { b: 1, c: 2 },
    ],
    invalid: [{}, { a: 1 }, { a: 1, b: 2, c: 3 }],
  },
  'counts of any members': {
    schema: { type: 'object', minProperties: 1, maxProperties: 3 },
    valid: [{ x: 1 }, { x: 1, y: 2, z: 3 }],
    invalid: [{}, { w: 0, x: 1, y: 2, z: 3 }],
  },
  'dependencies of draft 7': {
    schema: { $schema: DRAFT_7, type: 'object', dependencies: { a: ['b'], c: { properties: { d: { const: 1 } } } } },
    valid: [{}, { b: 1 }, { a: 1, b: 2 }, { d: 2 }, { d: 1, c: 1 }],
    invalid: [{ a: 1 }, { c: 1, d: 2 }],
  },
  contains: {
    schema: { type: 'array', items: { type: 'integer' }, contains: { minimum: 5 }, maxItems: 3 },
    valid: [[5], [1, 9], [1, 2, 7]],
    invalid: [[], [1], [9, 'x'], [1, 2, 3, 9]],
  },
  'counted contains': {
    schema: { type: 'array', contains: { const: 1 }, minContains: 2, maxContains: 2 },
    valid: [
      [1, 1],
      [2, 1, 'x', 1],
    ],
    invalid: [[1], [1, 1, 1]],
  },
  uniqueItems: {
    schema: { type: 'array', items: { enum: ['a', 'b', 'c'] }, uniqueItems: true, minItems: 1 },
    valid: [['c', 'a'], ['b']],
    invalid: [[], ['a', 'a'], ['a', 'b', 'a']],
  },
  'first items before 2020': {
    schema: { type: 'array', items: [{ type: 'string' }], additionalItems: { type: 'number' } },
    valid: [[], ['x'], ['x', 1, 2]],
    invalid: [[1], ['x', 'y']],
  },
  'what stands beside $ref': {
    schema: { $ref: '#/$defs/a', maximum: 5, $defs: { a: { type: 'integer', minimum: 1 } } },
    valid: [1, 5],
    invalid: [0, 6, 'x'],
  },
  'what stands beside $ref in draft 7': {
    schema: { $schema: DRAFT_7, $ref: '#/definitions/a', maximum: 5, definitions: { a: { type: 'integer' } } },
    valid: [1, 6],
    invalid: ['x'],
  },
  'identifiers and anchors': {
    schema: {
      $id: 'https://example.com/root.json',
      type: 'array',
      items: [{ $ref: '#here' }, { $ref: 'other.json' }, { $ref: 'other.json#/$defs/b' }],
      $defs: {
        a: { $anchor: 'here', type: 'integer' },
        o: { $id: 'other.json', type: 'string', $defs: { b: { const: true } } },
      },
    },
    valid: [[1, 'x', true]],
    invalid: [['x'], [1, 1], [1, 'x', false]],
  },
  'allOf of objects': {
    schema: {
      allOf: [
        { properties: { a: { minimum: 1 } }, required: ['a'] },
        { properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['b'] },
      ],
    },
    valid: [{ a: 1, b: '' }],
    invalid: [{ a: 1 }, { a: 0, b: '' }, { a: 1.5, b: '' }, { a: 1, b: 1 }],
  },
  'oneOf whose branches overlap': {
    schema: { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    valid: [{ a: 1 }, { b: 1 }, { a: 1, c: 2 }],
    invalid: [{}, { a: 1, b: 2 }],
  },
  'oneOf of integers and numbers': {
    schema: { oneOf: [{ type: 'integer' }, { type: 'number' }] },
    valid: [0.5, -2.25],
    invalid: [1, 'x'],
  },
  'if, then, else': {
    schema: {
      type: 'object',
      properties: { kind: { enum: ['a', 'b'] }, n: { type: 'integer' } },
      required: ['kind'],
      if: { properties: { kind: { const: 'a' } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword
      then: { required: ['n'] },
      else: { properties: { n: false } },
    },
    valid: [{ kind: 'a', n: 1 }, { kind: 'b' }],
    invalid: [{ kind: 'a' }, { kind: 'b', n: 1 }, {}],
  },
  'many conditions on one member': {
    schema: {
      type: 'object',
      properties: { kind: { type: 'string' } },
      required: ['kind'],
      allOf: Array.from({ length: 30 }, (_, i) => ({
        if: { properties: { kind: { const: `k${i}` } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        then: { required: [`m${i}`] },
      })),
    },
    valid: [{ kind: 'k3', m3: 1 }, { kind: 'other' }],
    invalid: [{ kind: 'k3' }, { kind: 'k3', m4: 1 }, {}],
  },
  'not of members': {
    schema: { type: 'object', properties: { a: {} }, not: { required: ['a', 'b'] } },
    valid: [{}, { a: 1 }, { b: 1 }],
    invalid: [{ a: 1, b: 1 }],
  },
  'not of names': {
    schema: { type: 'object', not: { propertyNames: { pattern: '^a' } } },
    valid: [{ b: 1 }, { a: 1, b: 2 }],
    invalid: [{}, { a: 1 }, { ab: 1, a: 2 }],
  },
  'not of members by pattern': {
    schema: { type: 'object', properties: { ab: {} }, not: { patternProperties: { '^a': { type: 'string' } } } },
    valid: [{ a: 1 }, { ab: 1 }, { b: 1, a: 2 }],
    invalid: [{}, { a: 'x' }, { b: 1 }, { ab: 'x' }],
  },
  'not of other members': {
    schema: { type: 'object', not: { properties: { a: {} }, additionalProperties: false } },
    valid: [{ b: 1 }, { a: 1, b: 2 }],
    invalid: [{}, { a: 1 }],
  },
  'not of items': {
    schema: { type: 'array', not: { items: { type: 'string' } } },
    valid: [[1], ['x', 1]],
    invalid: [[], ['x']],
  },
  'listed values that must not be': {
    schema: { not: { enum: ['a', 1, null, true, {}, []] }, type: ['string', 'integer', 'null', 'boolean', 'object'] },
    valid: ['b', '', 2, 10, false, { x: 1 }],
    invalid: ['a', 1, null, true, {}],
  },
  unevaluatedProperties: {
    schema: {
      type: 'object',
      allOf: [{ properties: { a: { type: 'integer' } } }],
      anyOf: [
        { properties: { b: true }, required: ['b'] },
        { properties: { c: true }, required: ['c'] },
      ],
      not: { properties: { d: { const: 1 } }, required: ['d'] },
      unevaluatedProperties: false,
    },
    valid: [{ a: 1, b: 2 }, { c: 2 }],
    invalid: [{}, { b: 1, x: 2 }, { b: 1, d: 2 }],
  },
  'enum beside others': {
    schema: { enum: ['a', 'bb', 'ccc', 4, { x: 1 }], minLength: 2, required: ['x'] },
    valid: ['bb', 'ccc', 4, { x: 1 }],
    invalid: ['a', 5],
  },
  nullable: { schema: { type: 'string', nullable: true }, valid: ['x', null], invalid: [1] },
  recursion: {
    schema: {
      $defs: { list: { type: 'object', properties: { next: { $ref: '#/$defs/list' } }, maxProperties: 1 } },
      $ref: '#/$defs/list',
      required: ['next'],
    },
    valid: [{ next: {} }, { next: { next: {} } }],
    invalid: [{}, { next: 1 }, { next: { next: 1 } }],
  },
}

for (const [name, { schema, valid, invalid }] of Object.entries(CASES)) {
  test(name, () => {
    const accepts = valueAcceptor(schema)
    assert.equal(
      valid.filter((value) => !accepts(value)),
      [],
    )
    assert.equal(invalid.filter(accepts), [])
  })
}

test('what is not held is refused by its keyword and place', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ pattern: '(a)\\1' }, /^schema #\/pattern: expected what an automaton can hold, found a reference to a group$/],
    [{ items: { pattern: '\\bword' } }, /^schema #\/items\/pattern: .* found \\b$/],
    [{ pattern: '(?<=a)b' }, /found a look behind$/],
    [{ pattern: '(' }, /found a text that is no regular expression$/],
    [{ pattern: 'a.{30}$' }, /^schema #\/pattern: expected an automaton of few states, found too many$/],
    [{ uniqueItems: true }, /^schema #\/uniqueItems: expected items of a few listed values, found others$/],
    [
      { not: { uniqueItems: true } },
      /^schema #\/not: expected keywords whose opposite can be told, found uniqueItems$/,
    ],
    [{ minProperties: 3 }, /^schema #\/minProperties: expected as many named members as there must be, found 3$/],
    [{ $ref: 'http://example.com/a' }, /expected a pointer into this schema/],
    // That a text is no URI cannot be told: standards differ.
    [
      { oneOf: [{ const: 'http://u@h/' }, { type: 'string', format: 'uri' }] },
      /^schema #\/oneOf\/1: expected keywords whose opposite can be told, found format$/,
    ],
    [{ multipleOf: 0 }, /^schema #\/multipleOf: expected a number above 0, found 0$/],
  ]
  for (const [schema, message] of cases) assert.throws(() => compileSchema(schema), message)
})

test.run()
