// Granite 3 and Phi-4 mini: <|tool_call|>[{"name": ..., "arguments": {...}}], of Phi with <|/tool_call|> behind it. Granite
// 3.1 writes <tool_call> for what it is told.
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

const CLOSES = ['<|/tool_call|>', '</tool_call>']

export const granite: ToolFormat = {
  name: 'Granite and Phi-4',
  signs: ['<|tool_call|>'],
  opens: ['<|tool_call|>', '<tool_call>'],
  marks: CLOSES,
  first: /[{[]/,
  read: (text, tools) => readCalls(text, tools, CLOSES),
}
