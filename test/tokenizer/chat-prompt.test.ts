// Where the formats of calls have their signs: in the template, and in what was told beside it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toolFormats } from '../../tokenizer/answer/tool-formats.ts'
import { ChatPrompter } from '../../tokenizer/chat-prompt.ts'
import { Budget } from '../../tokenizer/jinja/budget.ts'
import { parseLocalTime } from '../../tokenizer/jinja/strftime.ts'
import { fakeMetadata } from './fake-metadata.ts'

const controls = { beginnings: new Set<string>(), within: () => [] }
const prompter = new ChatPrompter(fakeMetadata({}), controls, () => {})
const formatsOf = (template: string, tools?: readonly unknown[]): string[] => {
  const settings = { variables: {}, now: parseLocalTime('2026-01-02'), toolsInPrompt: true, parseSpecial: false }
  const request = { messages: [{ role: 'user', content: 'Hello' }], tools, template, ...settings }
  return toolFormats(prompter.prompt(request, new Budget()).template).map(({ name }) => name)
}

test('tools that are told are called in the form that was told', () => {
  const tools = [{ type: 'function', function: { name: 'add' } }]
  const unread = "{{ messages[0].content }}{{ '[TOOL_CALLS]' if messages[0].tool_calls }}"
  assert.equal(formatsOf(unread), ['Mistral', 'unmarked'])
  assert.equal(formatsOf(unread, tools), ['function XML', 'Mistral', 'tool_call JSON', 'unmarked'])
  assert.equal(formatsOf(`${unread}{{ tools | tojson }}`, tools), ['Mistral', 'unmarked'])
})

test.run()
