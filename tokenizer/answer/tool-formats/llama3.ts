// Llama 3: {"name": ..., "parameters": {...}}, alone (`unmarked.ts`) or after <|python_tag|>, several with ; between them.
// What is built in is called as <|python_tag|>name.call(key="value"); anything else after the tag is code to run.
import { NoCall } from '../call-text.ts'
import { readCalls } from '../listed-calls.ts'
import { readPythonArguments } from '../python-calls.ts'
import type { ToolFormat } from './format.ts'

const NAME = /[\w.]*/y
const METHOD = '.call'

export const llama3: ToolFormat = {
  name: 'Llama 3',
  signs: ['<|python_tag|>', '"parameters": dictionary of argument name'],
  opens: ['<|python_tag|>'],
  *read(text, tools) {
    const start = text.place
    yield* text.space()
    if ((yield* text.ahead(['{', '[{'])) !== undefined) {
      yield* readCalls(text, tools, [])
      return
    }
    const name = yield* text.run(NAME)
    if (name.endsWith(METHOD) && (yield* text.take('('))) {
      yield yield* readPythonArguments(text, tools, name.slice(0, -METHOD.length), 'marked')
      return
    }
    yield* text.until([])
    if (tools.code === undefined) throw new NoCall()
    yield tools.call(tools.code, new Map([['code', text.since(start)]]))
  },
}
