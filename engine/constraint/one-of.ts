// Whether two branches of a `oneOf` can accept the same value. A value is written by one branch and must not be accepted
// by another, so this has to be certain: where it is not seen here, the answer is no. Pure.
import { arrayShape } from './arrays.ts'
import { objectShape } from './objects.ts'
import { countOf, numberOf, type SchemaNode, type SchemaObject, TYPES, typeOfValue, typesOf } from './schema-node.ts'

/** What a comparison costs beside a look at two properties. */
const COMPARISON_STEPS = 16

/** What all comparisons of one `oneOf` share. */
export interface Comparing {
  /** Where the references of a schema lead. */
  readonly resolve: (schema: SchemaObject, path: string) => SchemaObject
  /** Steps until the answer is given up, and is no. */
  stepsLeft: number
}

/** Levels that are looked into: a discriminating property is not far down. */
const LEVELS = 4

/** Whether no value that is written for `written` is accepted by `other`. */
export function excludes(
  written: unknown,
  other: unknown,
  path: string,
  comparing: Comparing,
  levels = LEVELS,
): boolean {
  if (written === false || other === false) return true
  comparing.stepsLeft -= COMPARISON_STEPS
  if (written === true || other === true || levels === 0 || comparing.stepsLeft < 0) return false
  const { resolve } = comparing
  const one = resolve(written as SchemaObject, path)
  const two = resolve(other as SchemaObject, path)
  const branchesOne = branchesOf(one)
  // A type beside the branches would change what is written for them.
  if (branchesOne && one.type !== undefined) return false
  if (branchesOne) return branchesOne.every((branch) => excludes(branch, two, path, comparing, levels - 1))
  const branchesTwo = branchesOf(two)
  if (branchesTwo) return branchesTwo.every((branch) => excludes(one, branch, path, comparing, levels - 1))
  return excludesPlain({ schema: one, path }, { schema: two, path }, comparing, levels)
}

const branchesOf = ({ anyOf, oneOf, allOf }: SchemaObject): readonly unknown[] | undefined => {
  const branches = anyOf ?? oneOf ?? allOf
  return Array.isArray(branches) ? branches : undefined
}

const valuesOf = (schema: SchemaObject): readonly unknown[] | undefined =>
  Object.hasOwn(schema, 'const') ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : undefined

function excludesPlain(one: SchemaNode, two: SchemaNode, comparing: Comparing, levels: number): boolean {
  const valuesOne = valuesOf(one.schema)
  const valuesTwo = valuesOf(two.schema)
  if (valuesOne && valuesTwo) {
    const names = new Set(valuesTwo.map(canonical))
    return valuesOne.every((value) => !names.has(canonical(value)))
  }
  // What is written has the types that its keywords suggest; what is accepted without `type` may have any.
  const written = valuesOne ? valuesOne.map((value) => typeOfValue(value, one.path)) : (typesOf(one) ?? TYPES)
  const accepted = valuesTwo
    ? valuesTwo.map((value) => typeOfValue(value, two.path))
    : two.schema.type === undefined
      ? TYPES
      : typesOf(two)!
  const kind = (type: string) => (type === 'integer' ? 'number' : type)
  const acceptedKinds = new Set(accepted.map(kind))
  const shared = new Set(written.map(kind).filter((type) => acceptedKinds.has(type)))
  return [...shared].every((type) => {
    if (valuesOne || valuesTwo) return false
    if (type === 'object') return excludesObjects(one, two, comparing, levels)
    if (type === 'array') return apart(arrayShape(one), counts(two, 'Items'))
    if (type === 'string') return apart(counts(one, 'Length'), counts(two, 'Length'))
    if (type === 'number') return apart(range(one), range(two))
    return false
  })
}

/** A text that is the same for equal JSON values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value === 0 ? 0 : value)
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${members.sort().join()}}`
}

/** Some property that is always written is not accepted, or one that is required is never written. */
function excludesObjects(one: SchemaNode, two: SchemaNode, comparing: Comparing, levels: number): boolean {
  const written = objectShape(one)
  const accepted = objectShape(two)
  comparing.stepsLeft -= written.properties.length * (1 + accepted.properties.length)
  const isClosed = two.schema.additionalProperties === false
  const isRefused = written.properties.some(({ key, isRequired, schema }) => {
    if (!isRequired) return false
    const counterpart = accepted.properties.find((property) => property.key === key)
    const isListed = Object.hasOwn((two.schema.properties as object | undefined) ?? {}, key)
    if (!isListed) return isClosed
    return counterpart !== undefined && excludes(schema, counterpart.schema, two.path, comparing, levels - 1)
  })
  const isMissing = (key: string) =>
    written.others === undefined && !written.properties.some((property) => property.key === key)
  return isRefused || accepted.properties.some(({ key, isRequired }) => isRequired && isMissing(key))
}

interface Extent {
  readonly least: number
  readonly most: number
}

const apart = (one: Extent, two: Extent): boolean => one.most < two.least || two.most < one.least

const counts = (node: SchemaNode, of: 'Items' | 'Length'): Extent => ({
  least: countOf(node, `min${of}`, 0),
  most: countOf(node, `max${of}`, Number.POSITIVE_INFINITY),
})

function range(node: SchemaNode): Extent {
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number
  return {
    least: Math.max(
      numberOf(node, 'minimum') ?? NEGATIVE_INFINITY,
      numberOf(node, 'exclusiveMinimum') ?? NEGATIVE_INFINITY,
    ),
    most: Math.min(
      numberOf(node, 'maximum') ?? POSITIVE_INFINITY,
      numberOf(node, 'exclusiveMaximum') ?? POSITIVE_INFINITY,
    ),
  }
}
