// Llama 4, and 3.2 where it is told to: <|python_start|>[name(key="value")]<|python_end|>; alone in `unmarked.ts`
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const llama4: ToolFormat = {
  name: 'Llama pythonic',
  signs: ['<|python_start|>'],
  opens: ['<|python_start|>'],
  marks: ['<|python_end|>'],
  read: (text, tools) => readCalls(text, tools, ['<|python_end|>']),
}
