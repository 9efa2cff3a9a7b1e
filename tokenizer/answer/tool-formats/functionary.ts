// Functionary 3.2: >>>recipient, a line break and what it is told; the prompt has the first >>> already. `all` is the
// answer, anything else a call: >>>name\n{...}. 3.1 writes `function-xml.ts`.
import { NoCall } from '../call-text.ts'
import { readJsonValue } from '../json-calls.ts'
import type { ToolFormat } from './format.ts'

const NAME = /[\w.-]*/y

export const functionary: ToolFormat = {
  name: 'Functionary',
  signs: ['>>>all'],
  opens: ['>>>'],
  bare: /\w/,
  isLayout: true,
  *read(text, tools) {
    const name = yield* text.run(NAME)
    yield* text.expect('\n')
    if (name === 'all') {
      yield 'content'
      return
    }
    if (!tools.has(name)) throw new NoCall()
    yield* text.space()
    if ((yield* text.peek()) === '{') yield tools.call(name, yield* readJsonValue(text))
    else if (name === tools.code) yield tools.call(name, new Map([['code', yield* text.until(['\n>>>'])]]))
    else throw new NoCall()
  },
}
