// The form that a request wants its text to have, as a grammar. Pure; runs where the request is made, so that a form that
// cannot be kept is refused before anything else happens.
import { CONSTRAINTS_KEPT_MAX, SCHEMA_NESTING_MAX, SCHEMA_SIZE_MAX } from '../limits.ts'
import { plainData } from '../options/plain-data.ts'
import { readArgument } from '../options/read-options.ts'
import type { ResponseFormat } from '../public/generation.ts'
import { compileGbnf } from './gbnf/compile-gbnf.ts'
import type { Grammar, NamedGrammar } from './grammar.ts'
import { compileSchema } from './schema/compile-schema.ts'
import { compileChoices, compileRegex } from './texts/plain-texts.ts'

/** The same as plain data, which nobody else changes; undefined for plain text. Throws `schema_invalid` for what is no JSON. */
export function plainFormat(format: ResponseFormat | undefined): ResponseFormat | undefined {
  if (format?.type === 'text') return undefined
  return format?.type === 'json_schema' ? { ...format, schema: copyOf(format.schema) } : format
}

const copyOf = (schema: unknown) =>
  readArgument(SCHEMA, schema, { name: 'schema', code: 'schema_invalid' }) as Readonly<Record<string, unknown>>

/**
 * Undefined for plain text. Throws what the form's compiler throws: `schema_invalid` and `schema_unsupported`,
 * `grammar_invalid` and `grammar_unsupported`, or `option_invalid`.
 */
export function resolveResponseFormat(format: ResponseFormat | undefined): NamedGrammar | undefined {
  switch (format?.type) {
    case undefined:
    case 'text':
      return undefined
    case 'json_object':
      return jsonOf({ type: 'object' })
    case 'json_schema':
      return jsonOf(format.schema)
    case 'grammar':
      return named(`grammar ${format.grammar}`, () => compileGbnf(format.grammar))
    case 'regex':
      return named(`regex ${format.pattern}`, () => compileRegex(format.pattern))
    case 'choice':
      return named(`choice ${JSON.stringify(format.choices)}`, () => compileChoices(format.choices))
  }
}

const SCHEMA = plainData({ size: SCHEMA_SIZE_MAX, nesting: SCHEMA_NESTING_MAX, isStrict: true })

/** Compiles a copy, of what the schema is as JSON. */
function jsonOf(schema: unknown): NamedGrammar {
  const copy = copyOf(schema)
  return named(`schema ${JSON.stringify(copy)}`, () => compileSchema(copy))
}

/** Those used last, the newest at the end: most requests come with the form of the one before. */
const compiled = new Map<string, Grammar>()

function named(name: string, compile: () => Grammar): NamedGrammar {
  const grammar = compiled.get(name) ?? compile()
  compiled.delete(name)
  compiled.set(name, grammar)
  if (compiled.size > CONSTRAINTS_KEPT_MAX) compiled.delete(compiled.keys().next().value!)
  return { name, grammar }
}
