// Granite 3 and Phi-4 mini: <|tool_call|>[{"name": ..., "arguments": {...}}], of Phi with <|/tool_call|> behind it
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const granite: ToolFormat = {
  name: 'Granite and Phi-4',
  signs: ['<|tool_call|>'],
  opens: ['<|tool_call|>'],
  marks: ['<|/tool_call|>'],
  read: (text, tools) => readCalls(text, tools, ['<|/tool_call|>']),
}
