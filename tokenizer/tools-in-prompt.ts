// Tools for a model whose template knows none: the system turn says what there is and how to call it, in the form that
// Hermes and Qwen use; calls and results of the conversation become texts of the same form. Pure.
import { type Message, textOfContent, withContent } from './chat-contents.ts'
import { Budget } from './jinja/budget.ts'
import { dumpJson, type JsonStyle } from './jinja/json.ts'
import type { Value } from './jinja/values.ts'

const STYLE: JsonStyle = {
  indent: undefined,
  itemSeparator: ', ',
  keySeparator: ': ',
  asciiOnly: false,
  sortKeys: false,
}

/** How to call a tool. */
export const CALL_FORM = '<tool_call>\n{"name": "NAME", "arguments": {"PARAMETER": "VALUE"}}\n</tool_call>'

/** The conversation with the tools in its system turn. */
export function withToolsTold(messages: readonly Message[], tools: readonly Value[]): Message[] {
  const told = messages.map(asTexts)
  const [first] = told
  const instruction = instructionFor(tools)
  if (first?.get('role') !== 'system') {
    return [
      new Map<string, Value>([
        ['role', 'system'],
        ['content', instruction],
      ]),
      ...told,
    ]
  }
  const system = textOfContent(first)
  return [withContent(first, system === '' ? instruction : `${system}\n\n${instruction}`), ...told.slice(1)]
}

function instructionFor(tools: readonly Value[]): string {
  const budget = new Budget()
  return [
    'You can call tools. These are described in JSON, one per line:',
    '<tools>',
    ...tools.map((tool) => dumpJson(tool, STYLE, budget)),
    '</tools>',
    'To call a tool, answer with its name and arguments as JSON, each call between its own tags:',
    CALL_FORM,
  ].join('\n')
}

/** A call as the answer that the instruction asks for, a result as what the user says. */
function asTexts(message: Message): Message {
  const text = textOfContent(message)
  if (message.get('role') === 'tool') {
    return new Map<string, Value>([
      ['role', 'user'],
      ['content', `<tool_response>\n${text}\n</tool_response>`],
    ])
  }
  const calls = message.get('tool_calls')
  if (!Array.isArray(calls) || calls.length === 0) return message
  const { tool_calls: _, ...rest } = Object.fromEntries(message)
  const written = calls.map((call) => `<tool_call>\n${callText(call)}\n</tool_call>`)
  return withContent(new Map(Object.entries(rest)), [...(text === '' ? [] : [text]), ...written].join('\n'))
}

function callText(call: Value): string {
  const inner = call instanceof Map ? (call.get('function') ?? call) : call
  if (!(inner instanceof Map)) return dumpJson(call, STYLE, new Budget())
  const args = inner.get('arguments') ?? null
  const name = dumpJson(inner.get('name') ?? null, STYLE, new Budget())
  // OpenAI's shape has them as JSON already.
  return `{"name": ${name}, "arguments": ${typeof args === 'string' ? args : dumpJson(args, STYLE, new Budget())}}`
}
