// minimum, maximum, exclusiveMinimum, exclusiveMaximum (numbers, or in draft 4 booleans), multipleOf. Pure.
import type { Bound } from '../../number-form.ts'
import type { Keyword } from '../keyword.ts'
import { invalidSchema, numberOf, type SchemaNode } from '../schema-node.ts'
import { NUMBER, ofTypes, type Shape, TYPE } from '../shape.ts'

const about = (shape: Shape, change: Partial<Shape>): Shape => ({ ...shape, about: shape.about | NUMBER, ...change })

/** The shape with numbers above the bound, which are those of a stricter one that it has already. */
function above(shape: Shape, bound: Bound): Shape {
  const { minimum } = shape
  const isWeaker = minimum && (minimum.value > bound.value || (minimum.value === bound.value && minimum.isExclusive))
  return about(shape, { minimum: isWeaker ? minimum : bound })
}

function below(shape: Shape, bound: Bound): Shape {
  const { maximum } = shape
  const isWeaker = maximum && (maximum.value < bound.value || (maximum.value === bound.value && maximum.isExclusive))
  return about(shape, { maximum: isWeaker ? maximum : bound })
}

/** The bounds that a node has from below or above. */
function boundsOf(node: SchemaNode, key: 'minimum' | 'maximum'): readonly Bound[] {
  const exclusiveKey = key === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'
  const isExclusive = node.schema[exclusiveKey] === true
  const value = numberOf(node, key)
  const exclusive = typeof node.schema[exclusiveKey] === 'boolean' ? undefined : numberOf(node, exclusiveKey)
  return [
    ...(value === undefined ? [] : [{ value, isExclusive }]),
    ...(exclusive === undefined ? [] : [{ value: exclusive, isExclusive: true }]),
  ]
}

const reverse = ({ value, isExclusive }: Bound): Bound => ({ value, isExclusive: !isExclusive })

const minimum: Keyword = {
  names: ['minimum', 'exclusiveMinimum'],
  hold: (shape, node) => [boundsOf(node, 'minimum').reduce(above, about(shape, {}))],
  deny: (shape, node) => boundsOf(node, 'minimum').map((bound) => below(ofTypes(shape, NUMBER), reverse(bound))),
}

const maximum: Keyword = {
  names: ['maximum', 'exclusiveMaximum'],
  hold: (shape, node) => [boundsOf(node, 'maximum').reduce(below, about(shape, {}))],
  deny: (shape, node) => boundsOf(node, 'maximum').map((bound) => above(ofTypes(shape, NUMBER), reverse(bound))),
}

const multipleOf: Keyword = {
  names: ['multipleOf'],
  hold: (shape, node) => {
    const step = numberOf(node, 'multipleOf')!
    if (step <= 0) throw invalidSchema(`${node.path}/multipleOf`, 'a number above 0', step)
    return [about(shape, { steps: [...shape.steps, step] })]
  },
  /** Of whole steps, every number that is no integer is no multiple. */
  deny: (shape, node) => {
    const step = numberOf(node, 'multipleOf')!
    const others = (types: number) => about(ofTypes(shape, types), { otherSteps: [...shape.otherSteps, step] })
    return Number.isInteger(step) ? [others(TYPE.integer), about(ofTypes(shape, TYPE.fraction), {})] : [others(NUMBER)]
  },
}

/** Formats of OpenAPI, by the integer that is too large; of `int64` it has more digits than are written. */
const INTEGERS: Readonly<Record<string, number>> = { int32: 2_147_483_648, int64: 1e15 }

const format: Keyword = {
  names: ['format'],
  hold: (shape, { schema }, { isLoose }) => {
    const name = schema.format
    if (typeof name !== 'string' || !Object.hasOwn(INTEGERS, name) || isLoose) return [shape]
    const end = INTEGERS[name]!
    const whole = { ...shape, types: shape.types & ~TYPE.fraction }
    return [below(above(whole, { value: -end, isExclusive: false }), { value: end, isExclusive: true })]
  },
}

export const NUMBER_KEYWORDS: readonly Keyword[] = [minimum, maximum, multipleOf, format]
