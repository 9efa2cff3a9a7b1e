// The form that a request wants its text to have, as a grammar. Pure; runs where the request is made, so that a schema
// that cannot be kept is refused before anything else happens.
import { TsinferError } from '../errors.ts'
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

const namedGrammar = (schema: unknown): NamedGrammar => {
  const grammar = compileSchema(schema)
  return { name: JSON.stringify(schema), grammar }
}
