// The form that a request wants its text to have, as a grammar. Pure; runs where the request is made, so that a schema
// that cannot be kept is refused before anything else happens.
import { CONSTRAINTS_KEPT_MAX, SCHEMA_NESTING_MAX, SCHEMA_SIZE_MAX } from '../limits.ts'
import { plainData } from '../options/plain-data.ts'
import { readArgument } from '../options/read-options.ts'
import type { ResponseFormat } from '../public/generation.ts'
import type { Grammar, NamedGrammar } from './grammar.ts'
import { compileSchema } from './schema/compile-schema.ts'

/** Undefined for plain text. Throws what `compileSchema` throws, and `schema_invalid` for what is no JSON. */
export function resolveResponseFormat(format: ResponseFormat | undefined): NamedGrammar | undefined {
  switch (format?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json_object':
      return namedGrammar({ type: 'object' })
    case 'json_schema':
      return namedGrammar(format.schema)
  }
}

const SCHEMA = plainData({ size: SCHEMA_SIZE_MAX, nesting: SCHEMA_NESTING_MAX, isStrict: true })

/** Those used last, the newest at the end: most requests come with the schema of the one before. */
const compiled = new Map<string, Grammar>()

/** Compiles a copy, of what the schema is as JSON. */
function namedGrammar(schema: unknown): NamedGrammar {
  const copy = readArgument(SCHEMA, schema, { name: 'schema', code: 'schema_invalid' })
  const name = JSON.stringify(copy)
  const grammar = compiled.get(name) ?? compileSchema(copy)
  compiled.delete(name)
  compiled.set(name, grammar)
  if (compiled.size > CONSTRAINTS_KEPT_MAX) compiled.delete(compiled.keys().next().value!)
  return { name, grammar }
}
