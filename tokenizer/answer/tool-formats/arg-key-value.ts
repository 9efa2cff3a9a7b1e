// GLM 4.5 and later: <tool_call>name, then <arg_key>key</arg_key><arg_value>value</arg_value> for each, </tool_call>
// A value ends only where another key or the end of the call could follow, since it may hold the marks.
import type { Dict } from '../../jinja/values.ts'
import { type CallText, NoCall, type Reading } from '../call-text.ts'
import type { ToolFormat } from './format.ts'

const CALL_END = '</tool_call>'
const KEY = '<arg_key>'
const KEY_END = '</arg_key>'
const VALUE = '<arg_value>'
const VALUE_END = '</arg_value>'
/** What may end a value, with what must follow where the text goes on. */
const FOLLOWING: Readonly<Record<string, readonly string[]>> = {
  [VALUE_END]: [KEY, CALL_END],
  [`\n${CALL_END}`]: ['<tool_call>'],
}
const VALUE_ENDS = [...Object.keys(FOLLOWING), KEY]
const NAME = /[\w.-]*/y

export const argKeyValue: ToolFormat = {
  name: 'arg_key and arg_value',
  signs: [KEY],
  opens: ['<tool_call>'],
  marks: [CALL_END, KEY, KEY_END, VALUE, VALUE_END],
  first: /\w/,
  *read(text, tools) {
    const name = yield* text.run(NAME)
    const args: Dict = new Map()
    yield* text.space()
    let isOver = false
    while (!isOver && (yield* text.take(KEY))) {
      const key = yield* text.until([KEY_END, CALL_END])
      yield* text.expect(KEY_END)
      yield* text.space()
      yield* text.expect(VALUE)
      const read = yield* readValue(text)
      args.set(key.trim(), tools.plain(name, key.trim(), read.value))
      yield* text.space()
      isOver = read.isLast
    }
    isOver ||= yield* text.take(CALL_END)
    // The end of the call may be left out, a word alone is a call only of a tool that there is.
    const isWhole = (yield* text.peek()) === '' && args.size > 0 && tools.hasRequired(name, args)
    if ((!isOver && !isWhole) || (args.size === 0 && !tools.has(name))) throw new NoCall()
    yield tools.call(name, args)
  },
}

interface ReadArgument {
  readonly value: string
  /** The end of the call has been read with it. */
  readonly isLast: boolean
}

function* readValue(text: CallText): Reading<ReadArgument> {
  const parts: string[] = []
  for (;;) {
    parts.push(yield* text.until(VALUE_ENDS))
    const place = text.place
    const mark = yield* text.ahead(VALUE_ENDS)
    if (mark === undefined) throw new NoCall()
    // The end of the value is left out before a key at the beginning of a line.
    if (mark === KEY && parts.at(-1)!.endsWith('\n')) return { value: parts.join('').slice(0, -1), isLast: false }
    yield* text.expect(mark)
    if (mark !== KEY) {
      yield* text.space()
      const isEnd = (yield* text.ahead(FOLLOWING[mark]!)) !== undefined || (yield* text.peek()) === ''
      if (isEnd) return { value: parts.join(''), isLast: mark !== VALUE_END }
    }
    parts.push(text.since(place))
  }
}
