// What is said of an array's items. Pure.
import type { Keyword, Ways } from '../keyword.ts'
import { countOf, type SchemaNode } from '../schema-node.ts'
import { type Assertion, denied, held, type ItemsPart, ofTypes, type Shape, TYPE, withItems } from '../shape.ts'

const { POSITIVE_INFINITY } = Number

const withPart = (shape: Shape, part: Omit<ItemsPart, 'isEvaluating'>): Shape =>
  withItems(shape, { parts: [...shape.items.parts, { ...part, isEvaluating: true }] })

const asArray = (shape: Shape): Shape => ofTypes(shape, TYPE.array)

/** A list is that of the first items: `prefixItems`, before 2020 `items`; the others are then `items`, `additionalItems`. */
function partOf(node: SchemaNode, ways: Ways): { first: Assertion[]; others: Assertion | undefined } {
  const { prefixItems, items, additionalItems } = node.schema
  const key = Array.isArray(prefixItems) ? 'prefixItems' : 'items'
  const list = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : []
  const [otherKey, rest] = Array.isArray(items) ? ['additionalItems', additionalItems] : ['items', items]
  return {
    first: list.map((schema, i) => held(ways.child(node, schema, `/${key}/${i}`))),
    others: rest === undefined ? undefined : held(ways.child(node, rest, `/${otherKey}`)),
  }
}

const items: Keyword = {
  names: ['prefixItems', 'items'],
  hold: (shape, node, ways) => [withPart(shape, partOf(node, ways))],
  /** An item is wrong. */
  deny: (shape, node, ways) => {
    const { first, others } = partOf(node, ways)
    const anything = held(ways.child(node, true, ''))
    const wrong = first.map(({ node: inner }, i) =>
      atLeast(
        withPart(asArray(shape), {
          first: [...first.slice(0, i).map(() => anything), denied(inner)],
          others: undefined,
        }),
        i + 1,
      ),
    )
    if (first.length > 0 && others) return ways.isLoose ? [asArray(shape)] : wrong
    if (!others) return wrong
    const contained = { assertion: denied(others.node), least: 1, most: POSITIVE_INFINITY, path: `${node.path}/items` }
    return [withItems(asArray(shape), { contained: [...shape.items.contained, contained] })]
  },
}

const atLeast = (shape: Shape, least: number): Shape => withItems(shape, { least: Math.max(shape.items.least, least) })
const atMost = (shape: Shape, most: number): Shape => withItems(shape, { most: Math.min(shape.items.most, most) })

const minItems: Keyword = {
  names: ['minItems'],
  hold: (shape, node) => [atLeast(shape, countOf(node, 'minItems', 0))],
  deny: (shape, node) => {
    const most = countOf(node, 'minItems', 0) - 1
    return most < 0 ? [] : [atMost(asArray(shape), most)]
  },
}

const maxItems: Keyword = {
  names: ['maxItems'],
  hold: (shape, node) => [atMost(shape, countOf(node, 'maxItems', 0))],
  deny: (shape, node) => [atLeast(asArray(shape), countOf(node, 'maxItems', 0) + 1)],
}

const contains: Keyword = {
  names: ['contains'],
  hold: (shape, node, ways) => {
    const contained = {
      assertion: held(ways.child(node, node.schema.contains, '/contains')),
      least: countOf(node, 'minContains', 1),
      most: countOf(node, 'maxContains', POSITIVE_INFINITY),
      path: `${node.path}/contains`,
    }
    return [withItems(shape, { contained: [...shape.items.contained, contained] })]
  },
  /** None of the items. */
  deny: (shape, node, ways) => {
    if (countOf(node, 'minContains', 1) !== 1 || node.schema.maxContains !== undefined) return undefined
    const none = denied(ways.child(node, node.schema.contains, '/contains'))
    return [withPart(asArray(shape), { first: [], others: none })]
  },
}

const uniqueItems: Keyword = {
  names: ['uniqueItems'],
  hold: (shape, { schema, path }) =>
    schema.uniqueItems === true ? [withItems(shape, { uniquePath: `${path}/uniqueItems` })] : [shape],
  deny: (_, { schema }) => (schema.uniqueItems === true ? undefined : []),
}

/** Items that the node's other keywords say nothing of; those that are only contained count as such. */
const unevaluatedItems: Keyword = {
  names: ['unevaluatedItems'],
  hold: (shape, node, ways, before) => {
    if (ways.isLoose) return [shape]
    const parts = shape.items.parts.slice(before.items.parts.length).filter(({ isEvaluating }) => isEvaluating)
    if (parts.some(({ others }) => others !== undefined)) return [shape]
    const count = parts.reduce((most, { first }) => Math.max(most, first.length), 0)
    const anything = held(ways.child(node, true, ''))
    const others = held(ways.child(node, node.schema.unevaluatedItems, '/unevaluatedItems'))
    return [withPart(shape, { first: new Array<Assertion>(count).fill(anything), others })]
  },
}

export const ITEM_KEYWORDS: readonly Keyword[] = [items, minItems, maxItems, contains, uniqueItems]
export const UNEVALUATED_ITEMS: readonly Keyword[] = [unevaluatedItems]
