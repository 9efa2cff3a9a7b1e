// Calls that are written as Python would call a function, `name(key="value", n=2)`, their arguments literals. Pure.
import type { ToolCall } from '../../engine/public/chat.ts'
import type { Dict } from '../jinja/values.ts'
import { type CallText, NoCall, type Reading } from './call-text.ts'
import type { OfferedTools } from './offered-tools.ts'
import { isPythonScalar, PYTHON_WORD, pythonScalar, readPythonValue } from './python-literals.ts'

const NAME = /[\w.-]*/y

/** One call. A `plain` answer names a tool whose parameters its arguments fit. */
export function* readPythonCall(text: CallText, tools: OfferedTools, kind: 'marked' | 'plain'): Reading<ToolCall> {
  const name = yield* text.run(NAME)
  if (name === '' || (kind === 'plain' && !tools.has(name))) throw new NoCall()
  yield* text.expect('(')
  return yield* readPythonArguments(text, tools, name, kind)
}

/** The call of `name` with the arguments behind its opening bracket. */
export function* readPythonArguments(
  text: CallText,
  tools: OfferedTools,
  name: string,
  kind: 'marked' | 'plain',
): Reading<ToolCall> {
  const args: Dict = new Map()
  const places = tools.parametersOf(name)
  yield* text.space()
  while (!(yield* text.take(')'))) {
    const word = yield* text.run(PYTHON_WORD)
    yield* text.space()
    const isNamed = word !== '' && !isPythonScalar(word) && (yield* text.take('='))
    const key = isNamed ? word : places[args.size]
    if (key === undefined) throw new NoCall()
    if (isNamed) yield* text.space()
    const start = text.place
    const value = word === '' || isNamed ? yield* readPythonValue(text, 0) : pythonScalar(word)
    args.set(key, tools.literal(name, key, value, word === '' || isNamed ? text.since(start) : word))
    yield* text.space()
    if (!(yield* text.take(',')) && (yield* text.peek()) !== ')') throw new NoCall()
    yield* text.space()
  }
  if (kind === 'plain' && !tools.fits(name, args)) throw new NoCall()
  return tools.call(name, args)
}
