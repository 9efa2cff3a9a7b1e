// References, allOf, anyOf, oneOf, not, if: schemas that the same value keeps. Pure.
import { SCHEMA_BRANCHES_MAX } from '../../../limits.ts'
import type { Keyword, Ways } from '../keyword.ts'
import { branchesOf, type SchemaNode, unsupportedSchema } from '../schema-node.ts'
import { type Assertion, denied, held, opposite, type Shape } from '../shape.ts'

const reference = (key: '$ref' | '$dynamicRef' | '$recursiveRef'): Keyword => ({
  names: [key],
  hold: (shape, node, ways) => ways.apply([shape], held(ways.target(node, key))),
  deny: (shape, node, ways) => ways.apply([shape], denied(ways.target(node, key))),
})

function branches(node: SchemaNode, key: string, ways: Ways): SchemaNode[] {
  const schemas = branchesOf(node, key)
  if (key !== 'allOf' && schemas.length > SCHEMA_BRANCHES_MAX) {
    throw unsupportedSchema(`${node.path}/${key}`, `at most ${SCHEMA_BRANCHES_MAX} schemas`, `${schemas.length}`)
  }
  return schemas.map((schema, i) => ways.child(node, schema, `/${key}/${i}`))
}

const each = (shape: Shape, assertions: readonly Assertion[], ways: Ways): readonly Shape[] =>
  assertions.reduce<readonly Shape[]>((shapes, assertion) => ways.apply(shapes, assertion), [shape])

const some = (shape: Shape, assertions: readonly Assertion[], ways: Ways): readonly Shape[] =>
  assertions.flatMap((assertion) => ways.apply([shape], assertion))

const allOf: Keyword = {
  names: ['allOf'],
  hold: (shape, node, ways) => each(shape, branches(node, 'allOf', ways).map(held), ways),
  deny: (shape, node, ways) => some(shape, branches(node, 'allOf', ways).map(denied), ways),
}

const anyOf: Keyword = {
  names: ['anyOf'],
  hold: (shape, node, ways) => some(shape, branches(node, 'anyOf', ways).map(held), ways),
  deny: (shape, node, ways) => each(shape, branches(node, 'anyOf', ways).map(denied), ways),
}

/** One branch, and none of those that could accept the same value. */
const oneOf: Keyword = {
  names: ['oneOf'],
  hold: (shape, node, ways) => {
    const of = branches(node, 'oneOf', ways)
    return of.flatMap((branch, i) => {
      const others = of.filter((other, j) => j !== i && !ways.areApart(branch, other))
      return each(shape, [held(branch), ...others.map(denied)], ways)
    })
  },
  /** None of the branches, or two. */
  deny: (shape, node, ways) => {
    const of = branches(node, 'oneOf', ways)
    const pairs = of.flatMap((one, i) => of.slice(i + 1).map((two) => [held(one), held(two)]))
    return [of.map(denied), ...pairs].flatMap((assertions) => each(shape, assertions, ways))
  },
}

const not: Keyword = {
  names: ['not'],
  hold: (shape, node, ways) => ways.apply([shape], denied(ways.child(node, node.schema.not, '/not'))),
  deny: (shape, node, ways) => ways.apply([shape], held(ways.child(node, node.schema.not, '/not'))),
}

/** Pairs of what a condition says and what must then be. */
function conditions(node: SchemaNode, ways: Ways): readonly (readonly Assertion[])[] {
  const condition = held(ways.child(node, node.schema.if, '/if'))
  const consequence = (key: 'then' | 'else'): Assertion[] =>
    node.schema[key] === undefined ? [] : [held(ways.child(node, node.schema[key], `/${key}`))]
  return [
    [condition, ...consequence('then')],
    [opposite(condition), ...consequence('else')],
  ]
}

const condition: Keyword = {
  names: ['if'],
  hold: (shape, node, ways) => {
    if (node.schema.then === undefined && node.schema.else === undefined) return [shape]
    return conditions(node, ways).flatMap((assertions) => each(shape, assertions, ways))
  },
  deny: (shape, node, ways) =>
    conditions(node, ways).flatMap(([when, consequence]) =>
      consequence ? each(shape, [when!, opposite(consequence)], ways) : [],
    ),
}

export const REFERENCE_KEYWORDS = (['$ref', '$dynamicRef', '$recursiveRef'] as const).map(reference)
export const BRANCH_KEYWORDS: readonly Keyword[] = [allOf, not, condition, oneOf, anyOf]
