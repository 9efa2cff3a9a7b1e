// Kimi K2: <|tool_calls_section_begin|>, for each call <|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{...}
// <|tool_call_end|>, and <|tool_calls_section_end|>. What stands in front of the arguments is the call's id.
import { type CallText, NoCall, type Reading } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import type { OfferedTools } from '../offered-tools.ts'
import type { ToolFormat } from './format.ts'

const BEGIN = '<|tool_calls_section_begin|>'
const END = '<|tool_calls_section_end|>'
const CALL = '<|tool_call_begin|>'
const CALL_END = '<|tool_call_end|>'
const ARGUMENTS = '<|tool_call_argument_begin|>'
const ID = /[\w.:-]*/y

export const kimi: ToolFormat = {
  name: 'Kimi K2',
  signs: [BEGIN],
  opens: [BEGIN, CALL],
  marks: [END, CALL_END, ARGUMENTS],
  isInThinking: true,
  *read(text, tools, mark) {
    yield* text.space()
    if (mark === BEGIN) yield* text.expect(CALL)
    do {
      yield* readCall(text, tools)
      yield* text.space()
    } while (yield* text.take(CALL))
    yield* text.take(END)
  },
}

function* readCall(text: CallText, tools: OfferedTools): Reading {
  yield* text.space()
  const id = yield* text.run(ID)
  const name = id.replace(/^functions\./, '').replace(/:\d+$/, '')
  yield* text.space()
  yield* text.expect(ARGUMENTS)
  yield* text.space()
  if (name === '' || (yield* text.peek()) !== '{') throw new NoCall()
  const args = yield* readJsonValue(text)
  yield* text.space()
  yield* text.take(CALL_END)
  yield tools.call(name, args, id)
}
