// Calls that no mark tells from an answer, at its beginning: JSON, and Python's form in a list, of tools that there are,
// with arguments that fit.
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const unmarked: ToolFormat = {
  name: 'unmarked',
  signs: [],
  opens: [],
  bare: /[{[]/,
  // A mark that ends calls may be there without the one that begins them.
  read: (text, tools) => readCalls(text, tools, ['</tool_call>'], 'plain'),
}
