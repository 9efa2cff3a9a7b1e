// Calls that are JSON objects, `{"name": ..., "arguments": {...}}`, read while they stream in and given up at the first
// character that is no JSON: marks inside of texts end nothing, and no answer waits for a call that cannot be one. Pure.
import type { ToolCall } from '../../engine/public/chat.ts'
import { readJson } from '../jinja/json.ts'
import { isTooDeep } from '../jinja/text.ts'
import { TemplateFault, type Value } from '../jinja/values.ts'
import { type CallText, NoCall, type Reading } from './call-text.ts'
import type { OfferedTools } from './offered-tools.ts'

/** All but quotes, backslashes and controls. */
const PLAIN = /[ !#-[\]-\uffff]*/y
const WORD = /[-+.\w]*/y
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
const HEX = /^[0-9a-fA-F]$/

/** A JSON value. */
export function* readJsonValue(text: CallText): Reading<Value> {
  const start = text.place
  const open: ('}' | ']')[] = []
  for (;;) {
    yield* text.space()
    const isEmpty = yield* readBeginning(text, open)
    if (isTooDeep(open.length)) throw new NoCall()
    if (isEmpty === 'opened') continue
    while (open.length > 0) {
      yield* text.space()
      if (yield* text.take(',')) break
      yield* text.expect(open.at(-1)!)
      open.pop()
    }
    if (open.length === 0) break
    if (open.at(-1) === '}') yield* readKey(text)
  }
  return jsonValue(text.since(start))
}

/** A scalar, an empty object or list, or the beginning of one that `open` then has. */
function* readBeginning(text: CallText, open: ('}' | ']')[]): Reading<'opened' | 'whole'> {
  const mark = yield* text.takeOneOf(['{', '['])
  if (mark === undefined) {
    if ((yield* text.peek()) === '"') yield* readJsonText(text)
    else if (!SCALAR.test(yield* text.run(WORD))) throw new NoCall()
    return 'whole'
  }
  const close = mark === '{' ? '}' : ']'
  yield* text.space()
  if (yield* text.take(close)) return 'whole'
  open.push(close)
  if (close === '}') yield* readKey(text)
  return 'opened'
}

/** A key and the colon behind it. */
function* readKey(text: CallText): Reading<string> {
  yield* text.space()
  const key = yield* readJsonText(text)
  yield* text.space()
  yield* text.expect(':')
  return key
}

function* readJsonText(text: CallText): Reading<string> {
  const start = text.place
  yield* text.expect('"')
  for (;;) {
    yield* text.run(PLAIN)
    if (yield* text.take('"')) return jsonValue(text.since(start)) as string
    yield* text.expect('\\')
    const escaped = yield* text.next()
    if (!'"\\/bfnrtu'.includes(escaped)) throw new NoCall()
    for (let i = 0; escaped === 'u' && i < 4; i++) if (!HEX.test(yield* text.next())) throw new NoCall()
  }
}

function jsonValue(json: string): Value {
  try {
    return readJson(json)
  } catch (error) {
    if (error instanceof TemplateFault) throw new NoCall()
    throw error
  }
}

const NAMES = ['name', 'tool_name', 'function'] as const
const ARGUMENTS = ['arguments', 'parameters', 'input'] as const
const OTHERS = ['type', 'id', 'tool_call_id']
const CALL_KEYS: ReadonlySet<string> = new Set([...NAMES, ...ARGUMENTS, ...OTHERS])

/**
 * One call. A `plain` answer, which no mark calls one, has nothing but a call's keys, and names a tool whose parameters
 * its arguments fit.
 */
export function* readJsonCall(text: CallText, tools: OfferedTools, kind: 'marked' | 'plain'): Reading<ToolCall> {
  const isPlain = kind === 'plain'
  const fields = new Map<string, Value>()
  yield* text.expect('{')
  do {
    const key = yield* readKey(text)
    if (isPlain && !CALL_KEYS.has(key)) throw new NoCall()
    const value = yield* readJsonValue(text)
    if (isPlain && key === 'name' && !tools.has(value)) throw new NoCall()
    fields.set(key, value)
    yield* text.space()
  } while (yield* text.take(','))
  yield* text.expect('}')
  const inner = fields.get('function')
  const given = inner instanceof Map ? new Map<Value, Value>([...fields, ...inner]) : fields
  const first = (keys: readonly string[]) => keys.map((key) => given.get(key)).find((value) => value !== undefined)
  const name = inner instanceof Map ? inner.get('name') : first(NAMES)
  const args = first(ARGUMENTS)
  if (typeof name !== 'string' || name === '') throw new NoCall()
  // Arguments by another name would be lost.
  const hasAll = args !== undefined || [...given.keys()].every((key) => CALL_KEYS.has(String(key)))
  if (!hasAll || (isPlain && !tools.fits(name, args))) throw new NoCall()
  return tools.call(name, args ?? new Map(), given.get('id'))
}
