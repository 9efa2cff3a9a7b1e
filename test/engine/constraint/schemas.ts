// Schemas that tests write values for: of every kind that is kept.

type Schema = Readonly<Record<string, unknown>>

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 12 },
    age: { type: 'integer', minimum: 0, maximum: 130 },
    email: { type: ['string', 'null'] },
  },
  required: ['name', 'age'],
  additionalProperties: false,
}

/** Twenty of them, by what they show. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  'flat object': person,
  'nested objects': {
    type: 'object',
    properties: {
      company: { type: 'object', properties: { boss: person, city: { enum: ['Bern', 'Rom'] } }, required: ['boss'] },
      open: { type: 'boolean' },
    },
    required: ['company', 'open'],
  },
  'enum of strings': { enum: ['red', 'green', 'blue', 'redder'] },
  'enum of anything': { enum: [1, 12, 'one', null, true, { a: [1, 2] }, [], -0.5] },
  'const in Unicode': {
    type: 'object',
    properties: { größe: { const: 'süß 日本 😀 "quoted"\n' } },
    required: ['größe'],
  },
  'unicode keys': {
    type: 'object',
    properties: { 名: { type: 'string' }, 'é"\\': { type: 'null' } },
    required: ['名'],
  },
  integer: { type: 'integer' },
  'integer between bounds': { type: 'integer', minimum: -123, exclusiveMaximum: 4567 },
  number: { type: 'number' },
  'number between bounds': { type: 'number', exclusiveMinimum: -1.25, maximum: 2.71 },
  'array of numbers': { type: 'array', items: { type: 'number', minimum: 0, maximum: 1 }, minItems: 2, maxItems: 4 },
  'array of objects': { type: 'array', items: person, maxItems: 3 },
  tuple: {
    type: 'array',
    prefixItems: [{ type: 'string' }, { type: 'integer' }],
    items: { type: 'boolean' },
    minItems: 1,
  },
  matrix: { type: 'array', items: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 9 } }, minItems: 1 },
  'counted characters': { type: 'string', minLength: 3, maxLength: 8 },
  'any string': { type: 'string' },
  'map of numbers': {
    type: 'object',
    properties: { total: { type: 'integer' } },
    required: ['total'],
    additionalProperties: { type: 'number' },
  },
  'tagged union': {
    oneOf: [
      { type: 'object', properties: { kind: { const: 'circle' }, r: { type: 'number' } }, required: ['kind', 'r'] },
      {
        type: 'object',
        properties: { kind: { const: 'square' }, side: { type: 'integer' } },
        required: ['kind', 'side'],
      },
      { type: 'string' },
    ],
  },
  'recursive tree': {
    $defs: {
      node: {
        type: 'object',
        properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
        required: ['value', 'children'],
      },
    },
    $ref: '#/$defs/node',
  },
  'any JSON': {},
}
