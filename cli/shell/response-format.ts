// The form that a generated text has to have, as options.
import { TsinferError } from '../../engine/errors.ts'
import type { ResponseFormat } from '../../index.ts'
import { checkResponseFormat } from '../../index.ts'
import type { Options, Values } from './arguments.ts'
import { readTextFile } from './text-input.ts'

export const FORMAT_OPTIONS = {
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
  grammar: {
    kind: 'text',
    names: ['--grammar'],
    value: 'GRAMMAR',
    help: 'write a text of this grammar in GBNF',
  },
  grammarFile: {
    kind: 'text',
    names: ['--grammar-file'],
    value: 'FILE',
    help: 'the same, from a file',
  },
} as const satisfies Options

type FormatName = keyof typeof FORMAT_OPTIONS

/** The format of the text; undefined where any text will do. Rejects for what cannot be kept. */
export async function responseFormat(values: Values<typeof FORMAT_OPTIONS>): Promise<ResponseFormat | undefined> {
  const names = Object.keys(FORMAT_OPTIONS) as FormatName[]
  const [one, other] = names.filter((name) => values[name] !== undefined)
  if (one === undefined) return undefined
  if (other !== undefined) {
    throw new TsinferError('option_invalid', `expected ${spelled(one)} or ${spelled(other)}, found both`)
  }
  const format = await formatOf(one, values[one]!)
  checkResponseFormat(format)
  return format
}

const spelled = (name: FormatName): string => FORMAT_OPTIONS[name].names.at(-1)!

async function formatOf(name: FormatName, given: string): Promise<ResponseFormat> {
  if (name === 'grammar') return { type: 'grammar', grammar: given }
  if (name === 'grammarFile') return { type: 'grammar', grammar: await readTextFile(given) }
  const file = name === 'schemaFile' ? given : given.startsWith('@') ? given.slice(1) : undefined
  const text = file === undefined ? given : await readTextFile(file)
  return { type: 'json_schema', schema: parsed(file ?? spelled('schema'), text) }
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
