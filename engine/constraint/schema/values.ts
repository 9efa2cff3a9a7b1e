// Whether a value keeps a shape: of listed values, those that do are written. Pure.
import type { Languages } from '../texts/languages.ts'
import { itemAssertions, memberAssertions } from './inside.ts'
import {
  type Assertions,
  canonical,
  type Items,
  type Members,
  NUMBER,
  type Shape,
  TYPE,
  typeOfValue,
  type Witness,
} from './shape.ts'

/** Tells whether a value keeps schemas. */
interface Keeper {
  readonly languages: Languages
  /** It says yes rather than no. */
  readonly isLoose: boolean
  keeps(assertions: Assertions, value: unknown): boolean
}

export function keepsShape(shape: Shape, value: unknown, keeper: Keeper): boolean {
  const type = typeOfValue(value)
  if ((type & shape.types) === 0) return false
  const name = canonical(value)
  if (shape.excluded.some((other) => canonical(other) === name)) return false
  if (shape.values && !shape.values.some((other) => canonical(other) === name)) return false
  if (type === TYPE.string) return keepsText(shape, value as string, keeper)
  if (type & NUMBER) return keepsNumber(shape, value as number)
  if (type === TYPE.array) return keepsItems(shape.items, value as readonly unknown[], keeper)
  if (type === TYPE.object) return keepsMembers(shape.members, value as Readonly<Record<string, unknown>>, keeper)
  return true
}

function keepsText({ lengthLeast, lengthMost, text }: Shape, value: string, { languages }: Keeper): boolean {
  const { length } = Array.from(value)
  return length >= lengthLeast && length <= lengthMost && (text === undefined || languages.has(text, value))
}

function keepsNumber({ minimum, maximum, steps, otherSteps }: Shape, value: number): boolean {
  if (minimum && (value < minimum.value || (minimum.isExclusive && value === minimum.value))) return false
  if (maximum && (value > maximum.value || (maximum.isExclusive && value === maximum.value))) return false
  const isMultiple = (step: number) => Number.isInteger(value / step)
  return steps.every(isMultiple) && !otherSteps.some(isMultiple)
}

function keepsMembers(members: Members, value: Readonly<Record<string, unknown>>, keeper: Keeper): boolean {
  const names = Object.keys(value)
  if (names.length < members.least || names.length > members.most) return false
  const isWitness = (name: string, witness: Witness): boolean =>
    keeper.languages.has(witness.names, name) &&
    (!witness.name || keeper.keeps([witness.name], name)) &&
    (!witness.value || keeper.keeps([witness.value], value[name]))
  return (
    members.required.every((name) => Object.hasOwn(value, name)) &&
    members.witnesses.every((witness) => names.some((name) => isWitness(name, witness))) &&
    names.every(
      (name) =>
        (members.names.length === 0 || keeper.keeps(members.names, name)) &&
        keeper.keeps(memberAssertions(members, name, keeper.languages), value[name]),
    )
  )
}

function keepsItems(items: Items, value: readonly unknown[], keeper: Keeper): boolean {
  if (value.length < items.least || value.length > items.most) return false
  if (items.uniquePath !== undefined && new Set(value.map(canonical)).size < value.length) return false
  const counts = items.contained.map(({ assertion, least, most }) => {
    const count = value.filter((item) => keeper.keeps([assertion], item)).length
    return count >= least && (count <= most || keeper.isLoose)
  })
  return !counts.includes(false) && value.every((item, i) => keeper.keeps(itemAssertions(items, i), item))
}
