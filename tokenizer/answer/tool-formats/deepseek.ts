// DeepSeek: <｜tool▁calls▁begin｜>, for each call <｜tool▁call▁begin｜> ... <｜tool▁call▁end｜>, and <｜tool▁calls▁end｜>. Of R1
// and V3 a call is function<｜tool▁sep｜>name and a fenced block of JSON, of V3.1 name<｜tool▁sep｜>{...}. Distilled models
// leave out some marks and spell the first in other ways.
import { type CallText, NoCall, type Reading } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import type { OfferedTools } from '../offered-tools.ts'
import type { ToolFormat } from './format.ts'

const BEGINS = [
  '<｜tool▁calls▁begin｜>',
  '<｜tool▁calls｜>',
  '<｜tool_calls_begin｜>',
  '<｜tool calls begin｜>',
  '<｜tool\\_calls\\_begin｜>',
]
const END = '<｜tool▁calls▁end｜>'
const CALL = '<｜tool▁call▁begin｜>'
const CALL_END = '<｜tool▁call▁end｜>'
const SEPARATOR = '<｜tool▁sep｜>'
const NAME = /[\w.-]*/y

export const deepseek: ToolFormat = {
  name: 'DeepSeek',
  signs: BEGINS.slice(0, 1),
  opens: [...BEGINS, CALL],
  marks: [END, CALL_END, SEPARATOR],
  *read(text, tools, mark) {
    yield* text.space()
    if (mark !== CALL) yield* text.take(CALL)
    do {
      yield* readCall(text, tools)
      yield* text.space()
    } while (yield* text.take(CALL))
    yield* text.take(END)
  },
}

function* readCall(text: CallText, tools: OfferedTools): Reading {
  yield* text.space()
  const kind = yield* text.run(NAME)
  yield* text.expect(SEPARATOR)
  yield* text.space()
  const isNamed = (yield* text.peek()) === '{'
  const name = isNamed ? kind : yield* text.run(NAME)
  yield* text.space()
  const isFenced = !isNamed && (yield* text.take('```json'))
  if (name === '') throw new NoCall()
  const args = yield* readJsonValue(text)
  yield* text.space()
  if (isFenced) yield* text.take('```')
  yield* text.space()
  yield* text.take(CALL_END)
  yield tools.call(name, args)
}
