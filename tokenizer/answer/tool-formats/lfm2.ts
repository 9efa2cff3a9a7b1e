// LFM2: <|tool_call_start|>[name(key="value")]<|tool_call_end|>, or JSON where it is told to
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const lfm2: ToolFormat = {
  name: 'LFM2',
  signs: ['<|tool_call_start|>'],
  opens: ['<|tool_call_start|>'],
  marks: ['<|tool_call_end|>'],
  read: (text, tools) => readCalls(text, tools, ['<|tool_call_end|>']),
}
