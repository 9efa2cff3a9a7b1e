// Hermes, Qwen 2 and 3, Granite 4, SmolLM3, Apriel and many others:
//   <tool_call>{"name": ..., "arguments": {...}}</tool_call>
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

const CLOSES: Readonly<Record<string, string>> = {
  '<tool_call>': '</tool_call>',
  '<tool_calls>': '</tool_calls>',
  '<function_call>': '</function_call>',
}

export const toolCallJson: ToolFormat = {
  name: 'tool_call JSON',
  signs: Object.keys(CLOSES),
  opens: Object.keys(CLOSES),
  marks: Object.values(CLOSES),
  first: /[{[]/,
  read: (text, tools, mark) => readCalls(text, tools, [CLOSES[mark]!]),
}
