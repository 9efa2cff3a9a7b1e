// OLMo 3: <function_calls>name(key="value")</function_calls>, several one a line
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const olmo3: ToolFormat = {
  name: 'OLMo 3',
  signs: ['<function_calls>'],
  opens: ['<function_calls>'],
  marks: ['</function_calls>'],
  read: (text, tools) => readCalls(text, tools, ['</function_calls>']),
}
