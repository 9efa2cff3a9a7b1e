// Firefunction 2 and Phi-4 mini: functools[{"name": ..., "arguments": {...}}]
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const functools: ToolFormat = {
  name: 'functools',
  signs: ['functools['],
  opens: ['functools'],
  first: /\[/,
  read: (text, tools) => readCalls(text, tools, []),
}
