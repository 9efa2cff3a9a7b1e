// The numbers of a shape: between its bounds, around those that must not be, multiples where it says so. Pure.

import { NOTHING, RETURN_STATE, type StateId } from '../grammar.ts'
import { multiplesWithin, stepOf } from '../multiples.ts'
import type { NumberBounds, NumberType } from '../number-form.ts'
import { numberWithin } from '../numbers.ts'
import { NUMBER, type Shape, TYPE } from './shape.ts'
import type { ValueCompiler } from './value-compiler.ts'

export function numberState(compiler: ValueCompiler, shape: Shape, to: StateId): StateId {
  const { builder } = compiler
  const kind = kindOf(shape.types)
  const { steps, otherSteps } = shape
  const step = stepOf(steps, otherSteps)
  const states = rangesOf(shape).map((bounds) => {
    const name = `${kind} ${JSON.stringify([bounds, steps, otherSteps])}`
    const make = () =>
      step === undefined
        ? multiplesWithin(builder, bounds, { steps, otherSteps, kind }, RETURN_STATE)
        : numberWithin(builder, bounds, { kind, step }, RETURN_STATE)
    return compiler.call(name, make, to)
  })
  return builder.anyOf(...states.filter((state) => state !== NOTHING))
}

const kindOf = (types: number): NumberType =>
  (types & NUMBER) === NUMBER ? 'number' : types & TYPE.integer ? 'integer' : 'fraction'

/** The bounds, cut at the numbers that must not be. */
function rangesOf({ minimum, maximum, excluded }: Shape): NumberBounds[] {
  const cuts = [...new Set(excluded.filter((value) => typeof value === 'number'))]
    .filter((value) => (!minimum || value >= minimum.value) && (!maximum || value <= maximum.value))
    .sort((a, b) => a - b)
  const ranges: NumberBounds[] = []
  let low = minimum
  for (const value of cuts) {
    ranges.push({ minimum: low, maximum: { value, isExclusive: true } })
    low = { value, isExclusive: true }
  }
  return [...ranges, { minimum: low, maximum }]
}
