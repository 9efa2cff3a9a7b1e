// What is said of an object's members. Pure.
import type { Keyword, Ways } from '../keyword.ts'
import {
  countOf,
  invalidSchema,
  membersOf,
  namesOf,
  pointerPart,
  type SchemaNode,
  type SchemaObject,
} from '../schema-node.ts'
import {
  type Assertion,
  denied,
  held,
  type MembersPart,
  ofTypes,
  type Shape,
  TYPE,
  type Witness,
  withMembers,
} from '../shape.ts'

const NO_PART: MembersPart = { named: new Map(), patterns: [], others: undefined, isEvaluating: true }

const withPart = (shape: Shape, part: Partial<MembersPart>): Shape =>
  withMembers(shape, { parts: [...shape.members.parts, { ...NO_PART, ...part }] })

const requiring = (shape: Shape, names: readonly string[]): Shape =>
  withMembers(shape, { required: [...new Set([...shape.members.required, ...names])] })

const asObject = (shape: Shape): Shape => ofTypes(shape, TYPE.object)

const isTrivial = (schema: unknown): boolean =>
  schema === true || (typeof schema === 'object' && schema !== null && Object.keys(schema).length === 0)

const isRequired = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && (schema as SchemaObject).required === true

/** Objects without a member of this name. */
function without(shape: Shape, name: string, node: SchemaNode, ways: Ways): Shape {
  const never = denied(ways.child(node, true, ''))
  const part = withPart(shape, { named: new Map([[name, never]]), isEvaluating: false })
  return { ...part, about: shape.about }
}

const named = (node: SchemaNode, ways: Ways): (readonly [string, Assertion])[] =>
  membersOf(node, 'properties').map(([key, schema]) => [
    key,
    held(ways.child(node, schema, `/properties/${pointerPart(key)}`)),
  ])

const members: Keyword = {
  names: ['properties', 'patternProperties', 'additionalProperties'],
  hold: (shape, node, ways) => {
    const patterns = membersOf(node, 'patternProperties').map(([source, schema]) => {
      const at = `/patternProperties/${pointerPart(source)}`
      return { names: ways.pattern(source, node.path + at), assertion: held(ways.child(node, schema, at)) }
    })
    const { additionalProperties } = node.schema
    const others =
      additionalProperties === undefined
        ? undefined
        : held(ways.child(node, additionalProperties, '/additionalProperties'))
    const part = withPart(shape, { named: new Map(named(node, ways)), patterns, others })
    // In draft 3 it is the property that is required.
    const required = membersOf(node, 'properties').filter(([, schema]) => isRequired(schema))
    return [
      required.length === 0
        ? part
        : requiring(
            part,
            required.map(([key]) => key),
          ),
    ]
  },
  /** One of the properties is there and is wrong. */
  deny: (shape, node, ways) =>
    named(node, ways).map(([key, { node: inner }]) => {
      const part = withPart(asObject(shape), { named: new Map([[key, denied(inner)]]) })
      return requiring(part, [key])
    }),
}

/** Objects with such a member. */
const withWitness = (shape: Shape, witness: Witness): Shape =>
  withMembers(asObject(shape), { witnesses: [...shape.members.witnesses, witness] })

/** Read with `properties`, not kept where a member whose name a pattern finds is wrong. */
const patternProperties: Keyword = {
  names: ['patternProperties'],
  hold: (shape) => [shape],
  deny: (shape, node, ways) =>
    membersOf(node, 'patternProperties')
      .filter(([, schema]) => !isTrivial(schema))
      .map(([source, schema]) => {
        const at = `/patternProperties/${pointerPart(source)}`
        const path = node.path + at
        const value = denied(ways.child(node, schema, at))
        return withWitness(shape, { names: ways.pattern(source, path), name: undefined, value, path })
      }),
}

/** Read with `properties`, not kept where another member is wrong. */
const additionalProperties: Keyword = {
  names: ['additionalProperties'],
  hold: (shape) => [shape],
  deny: (shape, node, ways) => {
    const { additionalProperties: schema } = node.schema
    if (isTrivial(schema)) return []
    const { languages } = ways
    const found = membersOf(node, 'patternProperties').map(([source]) => ways.pattern(source, node.path))
    const named = languages.words(membersOf(node, 'properties').map(([key]) => key))
    const value = schema === false ? undefined : denied(ways.child(node, schema, '/additionalProperties'))
    const path = `${node.path}/additionalProperties`
    return [withWitness(shape, { names: languages.not(languages.any(named, ...found)), name: undefined, value, path })]
  },
}

const required: Keyword = {
  names: ['required'],
  hold: (shape, { schema, path }) =>
    typeof schema.required === 'boolean' ? [shape] : [requiring(shape, namesOf(schema.required, `${path}/required`))],
  deny: (shape, node, ways) => {
    const { schema, path } = node
    if (typeof schema.required === 'boolean') return []
    return namesOf(schema.required, `${path}/required`).map((name) => without(asObject(shape), name, node, ways))
  },
}

const atLeast = (shape: Shape, least: number, leastPath: string): Shape =>
  least > shape.members.least ? withMembers(shape, { least, leastPath }) : withMembers(shape, {})
const atMost = (shape: Shape, most: number): Shape => withMembers(shape, { most: Math.min(shape.members.most, most) })

const minProperties: Keyword = {
  names: ['minProperties'],
  hold: (shape, node) => [atLeast(shape, countOf(node, 'minProperties', 0), `${node.path}/minProperties`)],
  deny: (shape, node) => {
    const most = countOf(node, 'minProperties', 0) - 1
    return most < 0 ? [] : [atMost(asObject(shape), most)]
  },
}

const maxProperties: Keyword = {
  names: ['maxProperties'],
  hold: (shape, node) => [atMost(shape, countOf(node, 'maxProperties', 0))],
  deny: (shape, node) => [
    atLeast(asObject(shape), countOf(node, 'maxProperties', 0) + 1, `${node.path}/maxProperties`),
  ],
}

const propertyNames: Keyword = {
  names: ['propertyNames'],
  hold: (shape, node, ways) => {
    const names = held(ways.child(node, node.schema.propertyNames, '/propertyNames'))
    return [withMembers(shape, { names: [...shape.members.names, names] })]
  },
  deny: (shape, node, ways) => {
    const { all } = ways.languages
    const name = denied(ways.child(node, node.schema.propertyNames, '/propertyNames'))
    return [withWitness(shape, { names: all, name, value: undefined, path: `${node.path}/propertyNames` })]
  },
}

interface Dependency {
  readonly name: string
  readonly required: readonly string[]
  readonly schema: SchemaNode | undefined
}

/** What the keyword says of the other members where one is there: their names, or a schema. */
function dependenciesOf(node: SchemaNode, key: string, ways: Ways): Dependency[] {
  return membersOf(node, key).map(([name, value]) => {
    const at = `/${key}/${pointerPart(name)}`
    if (Array.isArray(value)) return { name, required: namesOf(value, node.path + at), schema: undefined }
    // In draft 3 one name needs no list.
    if (typeof value === 'string') return { name, required: [value], schema: undefined }
    if (key === 'dependentRequired') throw invalidSchema(node.path + at, 'an array', value)
    return { name, required: [], schema: ways.child(node, value, at) }
  })
}

const dependencies = (key: string): Keyword => ({
  names: [key],
  hold: (shape, node, ways) =>
    dependenciesOf(node, key, ways).reduce<readonly Shape[]>(
      (shapes, { name, required, schema }) =>
        ways.counted(
          shapes.flatMap((one) => {
            const isThere = requiring(asObject(one), [name, ...required])
            const there = schema ? ways.apply([isThere], held(schema)) : [isThere]
            return one.members.required.includes(name) ? there : [without(one, name, node, ways), ...there]
          }),
          `${node.path}/${key}`,
        ),
      [shape],
    ),
  deny: (shape, node, ways) =>
    dependenciesOf(node, key, ways).flatMap(({ name, required, schema }) => {
      const isThere = requiring(asObject(shape), [name])
      const missing = required.map((other) => without(isThere, other, node, ways))
      return schema ? [...missing, ...ways.apply([isThere], denied(schema))] : missing
    }),
})

/** What the node's other keywords say nothing of: they are those that made the parts since `before`. */
const unevaluatedProperties: Keyword = {
  names: ['unevaluatedProperties'],
  hold: (shape, node, ways, before) => {
    if (ways.isLoose) return [shape]
    const parts = shape.members.parts.slice(before.members.parts.length).filter(({ isEvaluating }) => isEvaluating)
    if (parts.some(({ others }) => others !== undefined)) return [shape]
    const anything = held(ways.child(node, true, ''))
    return [
      withPart(shape, {
        named: new Map(parts.flatMap((part) => [...part.named.keys()].map((key) => [key, anything] as const))),
        patterns: parts.flatMap((part) => part.patterns.map(({ names }) => ({ names, assertion: anything }))),
        others: held(ways.child(node, node.schema.unevaluatedProperties, '/unevaluatedProperties')),
      }),
    ]
  },
}

export const MEMBER_KEYWORDS: readonly Keyword[] = [
  members,
  patternProperties,
  additionalProperties,
  required,
  minProperties,
  maxProperties,
  propertyNames,
]
export const DEPENDENCY_KEYWORDS = ['dependentRequired', 'dependencies', 'dependentSchemas'].map(dependencies)
export const UNEVALUATED_MEMBERS: readonly Keyword[] = [unevaluatedProperties]
