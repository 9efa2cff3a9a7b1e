// Nemotron Nano 2: <TOOLCALL>[{"name": ..., "arguments": {...}}]</TOOLCALL>
import { readCalls } from '../listed-calls.ts'
import type { ToolFormat } from './format.ts'

export const nemotron: ToolFormat = {
  name: 'Nemotron',
  signs: ['<TOOLCALL>'],
  opens: ['<TOOLCALL>'],
  marks: ['</TOOLCALL>'],
  read: (text, tools) => readCalls(text, tools, ['</TOOLCALL>']),
}
