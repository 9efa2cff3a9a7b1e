// The form that a request wants its text to have, as a grammar. Pure; runs where the request is made, so that a schema
// that cannot be kept is refused before anything else happens.
import { TsinferError } from '../errors.ts'
import { SCHEMA_NESTING_MAX, SCHEMA_SIZE_MAX } from '../limits.ts'
import type { ResponseFormat } from '../types.ts'
import type { NamedGrammar } from './grammar.ts'
import { compileSchema } from './schema.ts'
import { shown } from './schema-node.ts'

/** Undefined for plain text. Throws `option_invalid` for another format, and what `compileSchema` throws. */
export function resolveResponseFormat(format: ResponseFormat | undefined): NamedGrammar | undefined {
  switch (format?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json_object':
      return namedGrammar({ type: 'object' })
    case 'json_schema':
      return namedGrammar(format.schema)
    default: {
      const types = 'text, json_object or json_schema'
      throw new TsinferError('option_invalid', `responseFormat: expected type ${types}, found ${shown(format)}`)
    }
  }
}

/** Compiles a copy, of what the schema is as JSON. */
function namedGrammar(schema: unknown): NamedGrammar {
  const copy = new PlainCopy().of(schema)
  return { name: JSON.stringify(copy), grammar: compileSchema(copy) }
}

/** What a value counts for beside the characters of a text. */
const VALUE_SIZE = 16

/** Copies values as JSON has them. Bounded: an object may contain itself, or another one many times. */
class PlainCopy {
  #sizeLeft = SCHEMA_SIZE_MAX

  /** Throws `schema_invalid`. */
  of(value: unknown, depth = 0): unknown {
    this.#sizeLeft -= typeof value === 'string' ? value.length : VALUE_SIZE
    if (this.#sizeLeft < 0) throw notPlain(`a size of at most ${SCHEMA_SIZE_MAX}`, 'more')
    if (depth > SCHEMA_NESTING_MAX) throw notPlain(`at most ${SCHEMA_NESTING_MAX} levels`, 'more')
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (Array.isArray(value)) return Array.from(value, (item) => this.of(item, depth + 1))
    if (typeof value !== 'object') throw notPlain('values that JSON has', `${typeof value} ${String(value)}`)
    const members = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return Object.fromEntries(members.map(([key, inner]) => [key, this.of(inner, depth + 1)]))
  }
}

const notPlain = (expected: string, found: string): TsinferError =>
  new TsinferError('schema_invalid', `schema: expected ${expected}, found ${found.split('\n', 1)[0]}`)
