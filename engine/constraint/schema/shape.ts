// One way to keep a schema, without choices between keywords: what a value of each type must be. What stands inside is
// said by the schemas that a member or an item must keep, so that shapes of recursive schemas are finite. Pure.
import type { Bound } from '../number-form.ts'
import type { Language } from '../texts/languages.ts'
import type { SchemaNode } from './schema-node.ts'

/** Types as bits. Integers and other numbers are apart, so that one can be there without the other. */
export const TYPE = { null: 1, boolean: 2, string: 4, integer: 8, fraction: 16, array: 32, object: 64 } as const
export const NUMBER = TYPE.integer | TYPE.fraction
export const EVERY_TYPE = 127

/** A value must, or where denied must not, keep a schema. */
export interface Assertion {
  readonly node: SchemaNode
  readonly isDenied: boolean
}

/** Schemas that a value must keep all together. */
export type Assertions = readonly Assertion[]

/** What one schema says of members: those of a name, those whose name a pattern finds, the others. */
export interface MembersPart {
  readonly named: ReadonlyMap<string, Assertion>
  readonly patterns: readonly { readonly names: Language; readonly assertion: Assertion }[]
  readonly others: Assertion | undefined
  /** Whether what it is about counts as evaluated. */
  readonly isEvaluating: boolean
}

/** A member that must be there: with such a name, and with such a value where it says one. */
export interface Witness {
  readonly names: Language
  readonly name: Assertion | undefined
  readonly value: Assertion | undefined
  readonly path: string
}

export interface Members {
  readonly parts: readonly MembersPart[]
  readonly required: readonly string[]
  /** What every name must keep. */
  readonly names: Assertions
  readonly witnesses: readonly Witness[]
  readonly least: number
  /** Where that is said. */
  readonly leastPath: string
  readonly most: number
}

/** What one schema says of items: the first ones, and those after them. */
export interface ItemsPart {
  readonly first: Assertions
  readonly others: Assertion | undefined
  readonly isEvaluating: boolean
}

export interface Contained {
  readonly assertion: Assertion
  readonly least: number
  readonly most: number
  readonly path: string
}

export interface Items {
  readonly parts: readonly ItemsPart[]
  readonly contained: readonly Contained[]
  readonly least: number
  readonly most: number
  /** Where it is said that no two are equal. */
  readonly uniquePath: string | undefined
}

export interface Shape {
  /** Types as bits, */
  readonly types: number
  /** whether a keyword said which, */
  readonly isStated: boolean
  /** and those that other keywords are about. */
  readonly about: number
  /** All values, where they are listed, */
  readonly values: readonly unknown[] | undefined
  /** and those that must not be. */
  readonly excluded: readonly unknown[]
  readonly lengthLeast: number
  readonly lengthMost: number
  /** Undefined for any text. */
  readonly text: Language | undefined
  /** Where what narrows the text stands. */
  readonly textPath: string
  readonly minimum: Bound | undefined
  readonly maximum: Bound | undefined
  /** Numbers that the value is a multiple of. */
  readonly steps: readonly number[]
  /** Numbers that it is no multiple of. */
  readonly otherSteps: readonly number[]
  readonly members: Members
  readonly items: Items
}

const { POSITIVE_INFINITY } = Number

export const ANY_SHAPE: Shape = {
  types: EVERY_TYPE,
  isStated: false,
  about: 0,
  values: undefined,
  excluded: [],
  lengthLeast: 0,
  lengthMost: POSITIVE_INFINITY,
  text: undefined,
  textPath: '#',
  minimum: undefined,
  maximum: undefined,
  steps: [],
  otherSteps: [],
  members: {
    parts: [],
    required: [],
    names: [],
    witnesses: [],
    least: 0,
    leastPath: '#',
    most: POSITIVE_INFINITY,
  },
  items: { parts: [], contained: [], least: 0, most: POSITIVE_INFINITY, uniquePath: undefined },
}

export const held = (node: SchemaNode): Assertion => ({ node, isDenied: false })
export const denied = (node: SchemaNode): Assertion => ({ node, isDenied: true })
export const opposite = ({ node, isDenied }: Assertion): Assertion => ({ node, isDenied: !isDenied })
export const sameAssertion = (one: Assertion, two: Assertion): boolean =>
  one.node === two.node && one.isDenied === two.isDenied

/** The shape with only some of its types. */
export const ofTypes = (shape: Shape, types: number): Shape => ({
  ...shape,
  types: shape.types & types,
  isStated: true,
})

export const withMembers = (shape: Shape, members: Partial<Members>): Shape => ({
  ...shape,
  about: shape.about | TYPE.object,
  members: { ...shape.members, ...members },
})

export const withItems = (shape: Shape, items: Partial<Items>): Shape => ({
  ...shape,
  about: shape.about | TYPE.array,
  items: { ...shape.items, ...items },
})

/** The type of a JSON value, as a bit; 0 for what is none. */
export function typeOfValue(value: unknown): number {
  if (value === null) return TYPE.null
  if (typeof value === 'string') return TYPE.string
  if (typeof value === 'boolean') return TYPE.boolean
  if (Array.isArray(value)) return TYPE.array
  if (typeof value === 'object') return TYPE.object
  if (typeof value !== 'number' || !Number.isFinite(value)) return 0
  return Number.isInteger(value) ? TYPE.integer : TYPE.fraction
}

/** A text that is the same for equal JSON values. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value === 0 ? 0 : value)
  const members = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${members.sort().join()}}`
}

/** The shape without the types that contradict themselves; undefined where none is left. */
export function settled(shape: Shape): Shape | undefined {
  let { types } = shape
  const { minimum, maximum, members, items, values } = shape
  if (shape.lengthLeast > shape.lengthMost) types &= ~TYPE.string
  if (members.least > members.most || members.required.length > members.most) types &= ~TYPE.object
  if (items.least > items.most) types &= ~TYPE.array
  if (minimum && maximum) {
    const isExclusive = minimum.isExclusive || maximum.isExclusive
    if (minimum.value > maximum.value || (isExclusive && minimum.value === maximum.value)) types &= ~NUMBER
  }
  if (values && !values.some((value) => (typeOfValue(value) & types) !== 0)) types = 0
  return types === 0 ? undefined : types === shape.types ? shape : { ...shape, types }
}
