// Mistral, at first [TOOL_CALLS][{"name": ..., "arguments": {...}, "id": ...}], then [TOOL_CALLS]name[ARGS]{...}, which
// may have [CALL_ID]id behind the name.
import { NoCall } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

const NAME = /[\w.-]*/y

export const mistral: ToolFormat = {
  name: 'Mistral',
  signs: ['[TOOL_CALLS]'],
  opens: ['[TOOL_CALLS]'],
  marks: ['[CALL_ID]', '[ARGS]'],
  *read(text, tools) {
    yield* text.space()
    if (/[{[]/.test(yield* text.peek())) {
      yield* readCalls(text, tools, [])
      return
    }
    const name = yield* text.run(NAME)
    yield* text.space()
    const hasId = yield* text.take('[CALL_ID]')
    yield* text.space()
    const id = hasId ? yield* text.run(NAME) : undefined
    yield* text.space()
    yield* text.take('[ARGS]')
    yield* text.space()
    if (name === '' || (yield* text.peek()) !== '{') throw new NoCall()
    yield tools.call(name, yield* readJsonValue(text), id)
  },
}
