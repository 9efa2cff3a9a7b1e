// Tools that the recorded answers call.
import type { ChatTool } from '../../../index.ts'

const TOOLS: Readonly<Record<string, object | undefined>> = {
  look: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
    required: ['city'],
  },
  sum: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
  save: {
    type: 'object',
    properties: { path: { type: 'string' }, content: { type: 'string' } },
    required: ['path', 'content'],
  },
  types: {
    type: 'object',
    properties: {
      text: { type: 'string' },
      count: { type: 'integer' },
      ratio: { type: 'number' },
      flag: { type: 'boolean' },
      list: { type: 'array' },
      map: { type: 'object' },
      maybe: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      either: { type: ['string', 'integer'] },
      code: { enum: ['1', '2'] },
      shade: { $ref: '#/$defs/shade' },
    },
    $defs: { shade: { type: 'string' } },
  },
  now: undefined,
  python: undefined,
}

export const TOOL_NAMES: readonly string[] = Object.keys(TOOLS)

export const offered = (names: readonly string[]): ChatTool[] =>
  names.map((name) => {
    const parameters = TOOLS[name]
    return { type: 'function', function: { name, ...(parameters && { parameters }) } }
  })
