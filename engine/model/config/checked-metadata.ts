// Hyper-parameters of a model read from metadata within bounds. Pure.
import { TsinferError } from '../../errors.ts'
import { findFloat, findInteger, getInteger, type Metadata } from '../../gguf/metadata.ts'

/** The one error of a model whose parts do not fit together. */
export function invalidModel(message: string): TsinferError {
  return new TsinferError('model_invalid', message)
}

/**
 * An integer from 1 to `max`; `fallback` where the key is absent and a fallback is given.
 * @throws TsinferError `model_invalid`
 */
export function boundedInteger(metadata: Metadata, key: string, max: number, fallback?: number): number {
  const value = fallback === undefined ? getInteger(metadata, key) : (findInteger(metadata, key) ?? fallback)
  if (value >= 1 && value <= max) return value
  throw invalidModel(`metadata ${key}: expected an integer from 1 to ${max}, found ${value}`)
}

/**
 * A finite float above zero, undefined where the key is absent.
 * @throws TsinferError `model_invalid`
 */
export function optionalPositiveFloat(metadata: Metadata, key: string): number | undefined {
  const value = findFloat(metadata, key)
  if (value === undefined || (value > 0 && value < Number.POSITIVE_INFINITY)) return value
  throw invalidModel(`metadata ${key}: expected a finite number above 0, found ${value}`)
}
