// gpt-oss: messages one after another, each in a channel, <|start|>assistant<|channel|>final<|message|>...<|end|>, the
// first without its start. Analysis is reasoning, final and commentary are the answer; a message to a recipient is a call:
//   <|channel|>commentary to=functions.name <|constrain|>json<|message|>{...}<|call|>
import { type CallText, NoCall, type Reading } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import type { OfferedTools } from '../offered-tools.ts'
import type { ToolFormat } from './format.ts'

const START = '<|start|>'
const CHANNEL = '<|channel|>'
const MESSAGE = '<|message|>'
const ENDS = ['<|end|>', '<|return|>', '<|call|>']
const HEADER_MAX = 400

export const harmony: ToolFormat = {
  name: 'harmony',
  signs: [CHANNEL],
  opens: [START, CHANNEL, ...ENDS],
  marks: [MESSAGE, '<|constrain|>'],
  // A recipient may stand in front of the channel: to=functions.name
  bare: /t/,
  isLayout: true,
  *read(text, tools, mark) {
    // What is no message after one has ended is an answer, such as a call that is none.
    if (ENDS.includes(mark)) {
      yield 'content'
      return
    }
    if (mark === '') yield* text.expect('to=')
    const header = `${mark === '' ? 'to=' : mark}${yield* readHeader(text)}`
    const [, recipient] = /\bto=(?:functions\.)?([^\s<]+)/.exec(header) ?? []
    if (recipient !== undefined) yield* readCall(text, tools, recipient)
    else yield /<\|channel\|>\s*analysis/.test(header) ? 'reasoning' : 'content'
  },
}

function* readHeader(text: CallText): Reading<string> {
  let header = ''
  while (!(yield* text.take(MESSAGE))) {
    if (header.length > HEADER_MAX || (yield* text.ahead([START, ...ENDS])) !== undefined) throw new NoCall()
    header += yield* text.next()
  }
  return header
}

function* readCall(text: CallText, tools: OfferedTools, recipient: string): Reading {
  yield* text.space()
  if ((yield* text.peek()) === '{') {
    const args = yield* readJsonValue(text)
    yield tools.call(recipient, args)
  } else {
    if (recipient !== tools.code) throw new NoCall()
    yield tools.call(recipient, new Map([['code', yield* text.until([START, ...ENDS])]]))
  }
  yield* text.space()
  yield* text.takeOneOf(ENDS)
  yield 'content'
}
