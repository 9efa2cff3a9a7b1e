// The forms in which models write tool calls, read into OpenAI's shape. Pure; ids that a model does not give come from
// the caller.
//   Hermes, Qwen    <tool_call>{"name": ..., "arguments": {...}}</tool_call>
//   Qwen coder      <tool_call><function=name><parameter=key>value</parameter></function></tool_call>
//   Llama 3         {"name": ..., "parameters": {...}} alone, after <|python_tag|>, several with ; between them;
//                   <|python_tag|>name.call(key="value"); <function=name>{...}</function>
//   Mistral         [TOOL_CALLS][{"name": ..., "arguments": {...}, "id": ...}]; [TOOL_CALLS]name[CALL_ID]id[ARGS]{...}
import type { ToolCall } from '../../engine/public/chat.ts'
import { Budget } from '../jinja/budget.ts'
import { type JsonStyle, readJson, readJsonAt, writeJson } from '../jinja/json.ts'
import { TemplateFault, type Value } from '../jinja/values.ts'

/** What is known about the tools of a request: their names, and the types of their parameters. */
export interface KnownTool {
  readonly name: string
  /** JSON Schema types by parameter. */
  readonly parameterTypes: ReadonlyMap<string, string>
}

export interface CallReading {
  readonly tools: readonly KnownTool[]
  /** A new id, unlike all others of the conversation. */
  readonly newId: () => string
}

/** How a call begins, and how it ends; without an end it takes the rest of the text. */
export interface CallForm {
  readonly open: string
  readonly close: string | undefined
  /** The calls in the text between the two; undefined where it holds none. */
  readonly read: (text: string, reading: CallReading) => ToolCall[] | undefined
}

export const CALL_FORMS: readonly CallForm[] = [
  { open: '<tool_call>', close: '</tool_call>', read: readTagged },
  { open: '<function=', close: '</function>', read: (text, reading) => readFunction(`<function=${text}`, reading) },
  { open: '<|python_tag|>', close: undefined, read: readPythonTag },
  { open: '[TOOL_CALLS]', close: undefined, read: readMistral },
]

/** Texts of control tokens that the forms consist of; they must not be left out of what is read here. */
export const CALL_MARKS: readonly string[] = [
  ...CALL_FORMS.flatMap(({ open, close }) => (close === undefined ? [open] : [open, close])),
  '[CALL_ID]',
  '[ARGS]',
]

const COMPACT: JsonStyle = {
  indent: undefined,
  itemSeparator: ',',
  keySeparator: ':',
  asciiOnly: false,
  sortKeys: false,
}

/** Runs a reader of JSON; undefined where the text is none. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof TemplateFault) return undefined
    throw error
  }
}

const jsonText = (value: Value): string => writeJson(value, COMPACT, new Budget())

function makeCall(name: string, args: Value, id: Value | undefined, { newId }: CallReading): ToolCall {
  const text = typeof args === 'string' ? args : jsonText(args)
  return {
    id: typeof id === 'string' && id !== '' ? id : newId(),
    type: 'function',
    function: { name, arguments: text },
  }
}

/** `{"name": ..., "arguments" or "parameters": ...}`, also inside `function`. */
function callOf(value: Value, reading: CallReading): ToolCall | undefined {
  if (!(value instanceof Map)) return undefined
  const inner = value.get('function')
  if (inner instanceof Map) return callOf(new Map([...inner, ['id', value.get('id') ?? null] as const]), reading)
  const name = value.get('name') ?? inner
  const given = value.get('arguments') ?? value.get('parameters')
  if (typeof name !== 'string' || name === '') return undefined
  return makeCall(name, given ?? new Map(), value.get('id'), reading)
}

/** Every one a call, or nothing. */
function allCalls(values: readonly Value[], reading: CallReading): ToolCall[] | undefined {
  const calls = values.map((value) => callOf(value, reading)).filter((call) => call !== undefined)
  return calls.length > 0 && calls.length === values.length ? calls : undefined
}

function readTagged(text: string, reading: CallReading): ToolCall[] | undefined {
  if (text.trimStart().startsWith('<function=')) return readFunction(text, reading)
  const values = text.trimStart().startsWith('[') ? attempt(() => readJson(text)) : readSequence(text)
  return Array.isArray(values) ? allCalls(values, reading) : undefined
}

/** What a call begins with where it is JSON, maybe behind the name of its function. */
const JSON_BEGIN = /^\s*(?:[^>\s]+>\s*)?[{[]/
const TEXT_OF_JSON = /"(?:[^"\\]|\\.)*"/gs

/**
 * Where `close` ends the call at the beginning of `held`; -1 where it is not there yet. Texts inside of JSON may contain
 * the mark; when nothing more comes and only they do, JSON it is not.
 */
export function callEnd(held: string, close: string, isEnd: boolean): number {
  const first = held.indexOf(close)
  if (first < 0 || !JSON_BEGIN.test(held)) return first
  const blanked = held.replace(TEXT_OF_JSON, (text) => ' '.repeat(text.length))
  const open = blanked.indexOf('"')
  const at = blanked.indexOf(close)
  const isInText = at < 0 || (open >= 0 && open < at)
  return isInText ? (isEnd ? first : -1) : at
}

const FUNCTION = /^\s*<function=([^>\s]+)>(.*?)(?:<\/function>)?\s*$/s
const PARAMETER = /<parameter=([^>]+)>\n?(.*?)\n?<\/parameter>/gs

function readFunction(text: string, reading: CallReading): ToolCall[] | undefined {
  const [, name, body = ''] = FUNCTION.exec(text) ?? []
  if (name === undefined) return undefined
  if (body.trimStart().startsWith('{')) {
    const value = attempt(() => readJson(body))
    return value === undefined ? undefined : [makeCall(name, value, undefined, reading)]
  }
  const types = reading.tools.find((tool) => tool.name === name)?.parameterTypes
  const args = new Map<string, Value>()
  for (const [, key = '', value = ''] of body.matchAll(PARAMETER)) {
    const parsed = types?.get(key) === 'string' ? undefined : attempt(() => readJson(value))
    args.set(key, parsed === undefined ? value : parsed)
  }
  if (args.size === 0 && body.trim() !== '') return undefined
  return [makeCall(name, args, undefined, reading)]
}

/** JSON objects one after another, with `;`, `,` or white space between them; undefined where anything else is there. */
function readSequence(text: string): Value[] | undefined {
  const values: Value[] = []
  let rest = text.trim()
  while (rest !== '') {
    const read = rest.startsWith('{') ? attempt(() => readJsonAt(rest, 0)) : undefined
    if (read === undefined) return undefined
    values.push(read.value)
    rest = rest.slice(read.end).replace(/^[\s;,]+/, '')
  }
  return values
}

/** Calls that are the whole answer, by tools of the request only: any other JSON is an answer. */
export function readBare(text: string, reading: CallReading): ToolCall[] | undefined {
  const values = text.trimStart().startsWith('[') ? attempt(() => readJson(text)) : readSequence(text)
  const calls = Array.isArray(values) ? allCalls(values, reading) : undefined
  const known = new Set(reading.tools.map(({ name }) => name))
  return calls?.every((call) => known.has(call.function.name)) ? calls : undefined
}

const BUILT_IN = /^\s*(\w+)\.call\((.*)\)\s*$/s
const KEYWORD = /\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,]+?)\s*(?:,|$)/gy
/** Names under which a request offers to run code. */
const CODE_TOOLS: ReadonlySet<string> = new Set(['python', 'ipython', 'code_interpreter'])

function readPythonTag(text: string, reading: CallReading): ToolCall[] | undefined {
  const values = readSequence(text)
  if (values !== undefined && values.length > 0) return allCalls(values, reading)
  const [, name, keywords = ''] = BUILT_IN.exec(text) ?? []
  if (name !== undefined) {
    const entries = [...keywords.matchAll(KEYWORD)].map(([, key = '', value = '']) => {
      const parsed = attempt(() => readJson(value))
      return [key, parsed === undefined ? value : parsed] as const
    })
    return [makeCall(name, new Map(entries), undefined, reading)]
  }
  const code = reading.tools.find((tool) => CODE_TOOLS.has(tool.name))
  return code && [makeCall(code.name, new Map([['code', text]]), undefined, reading)]
}

const MISTRAL_HEAD = /^\s*([\w.-]+)\s*(?:\[CALL_ID\]\s*([\w-]+)\s*)?(?:\[ARGS\])?\s*/

function readMistral(text: string, reading: CallReading): ToolCall[] | undefined {
  if (text.trimStart().startsWith('[')) {
    const read = attempt(() => readJsonAt(text.trimStart(), 0))
    return read && Array.isArray(read.value) ? allCalls(read.value, reading) : undefined
  }
  const calls: ToolCall[] = []
  for (let rest = text; ; ) {
    const [head = '', name, id] = MISTRAL_HEAD.exec(rest) ?? []
    const read = name === undefined ? undefined : attempt(() => readJsonAt(rest, head.length))
    if (read === undefined || !(read.value instanceof Map)) return undefined
    calls.push(makeCall(name!, read.value, id, reading))
    const [mark] = /^\s*\[TOOL_CALLS\]/.exec(rest.slice(read.end)) ?? []
    if (mark === undefined) return calls
    rest = rest.slice(read.end + mark.length)
  }
}
