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
    while (yield* text.take(KEY)) {
      const key = yield* text.until([KEY_END, CALL_END])
      yield* text.expect(KEY_END)
      yield* text.space()
      yield* text.expect(VALUE)
      args.set(key.trim(), tools.plain(name, key.trim(), yield* readValue(text)))
      yield* text.space()
    }
    const hasEnd = yield* text.take(CALL_END)
    const isOver = hasEnd || ((yield* text.peek()) === '' && args.size > 0)
    // A word alone is a call only of a tool that there is.
    if (!isOver || !tools.hasRequired(name, args) || (args.size === 0 && !tools.has(name))) throw new NoCall()
    yield tools.call(name, args)
  },
}

function* readValue(text: CallText): Reading<string> {
  const parts: string[] = []
  for (;;) {
    parts.push(yield* text.until([VALUE_END, KEY]))
    const place = text.place
    if (yield* text.take(VALUE_END)) {
      yield* text.space()
      if ((yield* text.ahead([KEY, CALL_END])) !== undefined || (yield* text.peek()) === '') return parts.join('')
    } else if ((yield* text.peek()) === '') throw new NoCall()
    // The end of the value is left out before a key at the beginning of a line.
    else if (parts.at(-1)!.endsWith('\n')) return parts.join('').slice(0, -1)
    else yield* text.expect(KEY)
    parts.push(text.since(place))
  }
}
