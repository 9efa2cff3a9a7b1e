// Qwen3-Coder, Nemotron 3, Seed-OSS, Llama 3.1's own functions and Functionary 3.1:
//   <tool_call><function=name><parameter=key>value</parameter></function></tool_call>
//   <function=name>{"key": ...}</function>
// Values are written as they are, so that a mark may be part of one: it ends a value only where what follows it could
// follow a value.
import type { Dict } from '../../jinja/values.ts'
import { type CallText, NoCall, type Reading } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import type { OfferedTools } from '../offered-tools.ts'
import type { ToolFormat } from './format.ts'
import { llama3 } from './llama3.ts'

const FUNCTION = '<function='
const PARAMETER = '<parameter='
const FUNCTION_END = '</function>'
const PARAMETER_END = '</parameter>'
const CALL_ENDS = ['</tool_call>', '</seed:tool_call>']
/** What may end a value, with what must follow where the text goes on. */
const FOLLOWING: Readonly<Record<string, readonly string[]>> = {
  [PARAMETER_END]: [PARAMETER, FUNCTION_END, ...CALL_ENDS],
  [`\n${FUNCTION_END}`]: [FUNCTION, ...CALL_ENDS],
  ...Object.fromEntries(CALL_ENDS.map((end) => [`\n${end}`, ['<tool_call>', '<seed:tool_call>']])),
}
const VALUE_ENDS = [...Object.keys(FOLLOWING), `\n${PARAMETER}`]
const NAME = /[^<>\n]*/y

export const functionXml: ToolFormat = {
  name: 'function XML',
  // Llama 3.1 is told of it in the system turn.
  signs: ['<tool_call>', '<seed:tool_call>', FUNCTION, ...llama3.signs],
  opens: ['<tool_call>', '<seed:tool_call>', FUNCTION],
  marks: [...CALL_ENDS, FUNCTION_END],
  first: /[^{[]/,
  *read(text, tools, mark) {
    if (mark !== FUNCTION) yield* text.expect(FUNCTION)
    do {
      yield* readFunction(text, tools)
      yield* text.space()
    } while (yield* text.take(FUNCTION))
    yield* text.takeOneOf(CALL_ENDS)
  },
}

function* readFunction(text: CallText, tools: OfferedTools): Reading {
  const name = yield* readName(text)
  yield* text.space()
  if ((yield* text.peek()) === '{') {
    const args = yield* readJsonValue(text)
    yield* text.space()
    yield* text.take(FUNCTION_END)
    yield tools.call(name, args)
    return
  }
  const args = yield* readParameters(text, tools, name)
  yield tools.call(name, args)
}

function* readName(text: CallText): Reading<string> {
  const name = yield* text.run(NAME)
  yield* text.expect('>')
  if (name.trim() === '') throw new NoCall()
  return name.trim()
}

function* readParameters(text: CallText, tools: OfferedTools, name: string): Reading<Dict> {
  const args: Dict = new Map()
  const known = tools.parametersOf(name)
  for (;;) {
    const mark = yield* text.takeOneOf([PARAMETER, FUNCTION_END, ...CALL_ENDS])
    if (mark === FUNCTION_END) return args
    if (mark !== PARAMETER) {
      // The function's end is missing.
      const isOver = mark !== undefined || (yield* text.peek()) === ''
      if (isOver && args.size > 0 && tools.hasRequired(name, args)) return args
      throw new NoCall()
    }
    let key = yield* readName(text)
    for (;;) {
      const isBegun = (other: string) => other === key || args.has(other)
      const { value, next } = yield* readValue(text, isBegun, known)
      args.set(key, tools.plain(name, key, value))
      if (next === 'end') return args
      if (next === 'more') break
      key = next.key
    }
    yield* text.space()
  }
}

interface ReadParameter {
  readonly value: string
  /** What its end says about what comes next: more of the function, its end, or the value of a key that was read. */
  readonly next: 'more' | 'end' | { readonly key: string }
}

type IsBegun = (key: string) => boolean

/** `known`: keys that the tool has, none where it does not say. */
function* readValue(text: CallText, isBegun: IsBegun, known: readonly string[]): Reading<ReadParameter> {
  const parts: string[] = []
  const value = () => parts.join('').replace(/^\n/, '')
  for (;;) {
    parts.push(yield* text.until(VALUE_ENDS))
    const place = text.place
    const mark = yield* text.takeOneOf(VALUE_ENDS)
    if (mark === undefined) throw new NoCall()
    if (mark === `\n${PARAMETER}`) {
      const key = yield* text.run(NAME)
      if ((yield* text.take('>')) && (yield* mayFollow(text, key, isBegun, known)))
        return { value: value(), next: { key } }
    } else {
      yield* text.space()
      const isEnd = (yield* text.ahead(FOLLOWING[mark]!)) !== undefined || (yield* text.peek()) === ''
      if (isEnd && mark === PARAMETER_END) return { value: value().replace(/\n$/, ''), next: 'more' }
      if (isEnd) return { value: value(), next: 'end' }
    }
    parts.push(text.since(place))
  }
}

/** Whether a parameter that begins a line inside of a value is the next one, the end of the value being left out. */
function* mayFollow(text: CallText, key: string, isBegun: IsBegun, known: readonly string[]): Reading<boolean> {
  if (isBegun(key)) return false
  return known.length > 0 ? known.includes(key) : (yield* text.peek()) === '\n'
}
