// The forms in which models write tool calls, read into OpenAI's shape. Pure; ids that a model does not give come from
// the caller.
//   Hermes, Qwen    <tool_call>{"name": ..., "arguments": {...}}</tool_call>
//   Qwen coder      <tool_call><function=name><parameter=key>value</parameter></function></tool_call>
//   Llama 3         {"name": ..., "parameters": {...}} alone, after <|python_tag|>, several with ; between them;
//                   <|python_tag|>name.call(key="value"); <function=name>{...}</function>
//   Mistral         [TOOL_CALLS][{"name": ..., "arguments": {...}, "id": ...}]; [TOOL_CALLS]name[CALL_ID]id[ARGS]{...}
import type { ToolCall } from '../../engine/public/chat.ts'
import { Budget } from '../jinja/budget.ts'
import { dumpJson, type JsonStyle, readJson, readJsonAt } from '../jinja/json.ts'
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

const jsonText = (value: Value): string => dumpJson(value, COMPACT, new Budget())

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
/**
 * Where `close` ends the call at the beginning of `held`; -1 where it is not there yet. Texts inside of JSON may contain
 * the mark; when nothing more comes and only they do, JSON it is not.
 */
export function callEnd(held: string, close: string, isEnd: boolean): number {
  const first = held.indexOf(close)
  if (first < 0 || !JSON_BEGIN.test(held)) return first
  for (let [at, from] = [first, 0]; ; ) {
    const open = held.indexOf('"', from)
    if (open < 0 || open > at) return at
    from = textEnd(held, open)
    if (from >= 0 && at < from) at = held.indexOf(close, from)
    if (from < 0 || at < 0) return isEnd ? first : -1
  }
}

/** Position behind the text of JSON that begins at `open`; -1 where it has no end yet. */
function textEnd(held: string, open: number): number {
  for (let at = open + 1; at < held.length; at++) {
    if (held[at] === '\\') at++
    else if (held[at] === '"') return at + 1
  }
  return -1
}

const FUNCTION_HEAD = /^\s*<function=([^>\s]+)>/
const FUNCTION_END = '</function>'

function readFunction(text: string, reading: CallReading): ToolCall[] | undefined {
  const [head, name] = FUNCTION_HEAD.exec(text) ?? []
  if (head === undefined || name === undefined) return undefined
  const rest = text.slice(head.length).trimEnd()
  const body = rest.endsWith(FUNCTION_END) ? rest.slice(0, -FUNCTION_END.length) : rest
  if (body.trimStart().startsWith('{')) {
    const value = attempt(() => readJson(body))
    return value === undefined ? undefined : [makeCall(name, value, undefined, reading)]
  }
  const types = reading.tools.find((tool) => tool.name === name)?.parameterTypes
  const args = new Map<string, Value>()
  for (const [key, value] of parametersOf(body)) {
    const parsed = types?.get(key) === 'string' ? undefined : attempt(() => readJson(value))
    args.set(key, parsed === undefined ? value : parsed)
  }
  if (args.size === 0 && body.trim() !== '') return undefined
  return [makeCall(name, args, undefined, reading)]
}

const PARAMETER = '<parameter='
const PARAMETER_END = '</parameter>'

/** `<parameter=key>value</parameter>`, one after another; a line break at either end of a value belongs to the marks. */
function* parametersOf(body: string): Generator<readonly [key: string, value: string]> {
  for (let from = 0; ; ) {
    const open = body.indexOf(PARAMETER, from)
    const named = open < 0 ? -1 : body.indexOf('>', open)
    const close = named < 0 ? -1 : body.indexOf(PARAMETER_END, named)
    if (close < 0) return
    const key = body.slice(open + PARAMETER.length, named)
    if (key !== '')
      yield [
        key,
        body
          .slice(named + 1, close)
          .replace(/^\n/, '')
          .replace(/\n$/, ''),
      ]
    from = key === '' ? named : close + PARAMETER_END.length
  }
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
const KEYWORD = /\s*(\w+)\s*=\s*(?:("(?:[^"\\]|\\.)*")\s*(?:,|$)|([^,]+)(?:,|$))/gy
/** Names under which a request offers to run code. */
const CODE_TOOLS: ReadonlySet<string> = new Set(['python', 'ipython', 'code_interpreter'])

function readPythonTag(text: string, reading: CallReading): ToolCall[] | undefined {
  const values = readSequence(text)
  if (values !== undefined && values.length > 0) return allCalls(values, reading)
  const [, name, keywords = ''] = BUILT_IN.exec(text) ?? []
  if (name !== undefined) {
    const entries = [...keywords.matchAll(KEYWORD)].map(([, key = '', quoted, plain = '']) => {
      const value = quoted ?? plain.trimEnd()
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
