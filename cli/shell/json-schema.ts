// The schema that a generated text has to keep, as options.
import { TsinferError } from '../../engine/errors.ts'
import type { ResponseFormat } from '../../index.ts'
import { checkResponseFormat } from '../../index.ts'
import type { Options, Values } from './arguments.ts'
import { readTextFile } from './text-input.ts'

export const JSON_SCHEMA_OPTIONS = {
  schema: {
    kind: 'text',
    names: ['-j', '--json-schema'],
    value: 'SCHEMA',
    help: 'write JSON that this JSON Schema accepts; @FILE reads it from a file, {} is any JSON',
  },
  schemaFile: {
    kind: 'text',
    names: ['-jf', '--json-schema-file'],
    value: 'FILE',
    help: 'the same, from a file',
  },
} as const satisfies Options

/** The format of the text; undefined where any text will do. Rejects for what is no schema that can be kept. */
export async function responseFormat(values: Values<typeof JSON_SCHEMA_OPTIONS>): Promise<ResponseFormat | undefined> {
  const { schema: given, schemaFile } = values
  if (given !== undefined && schemaFile !== undefined) {
    throw new TsinferError('option_invalid', 'expected --json-schema or --json-schema-file, found both')
  }
  const file = schemaFile ?? (given?.startsWith('@') ? given.slice(1) : undefined)
  const text = file === undefined ? given : await readTextFile(file)
  if (text === undefined) return undefined
  const format = { type: 'json_schema', schema: parsed(file ?? '--json-schema', text) } as const
  checkResponseFormat(format)
  return format
}

function parsed(source: string, text: string): object | boolean {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TsinferError('schema_invalid', `${source}: expected JSON, found a text that does not parse: ${why}`, {
      cause,
    })
  }
}
