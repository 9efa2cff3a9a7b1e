// `tsinfer parse`: what a chat makes of the raw text of an answer.
import { localTimeOf } from '../api/chat-request.ts'
import { CHAT, optionSite, readArgument, TsinferError } from '../engine/index.ts'
import { printable } from '../engine/quoted.ts'
import type { ToolCall } from '../index.ts'
import {
  answerReading,
  CALL_FORM,
  type ModelTemplate,
  readJson,
  splitAnswer,
  TemplateFault,
} from '../tokenizer/index.ts'
import { plainValue, readTools, readVariables, type Variables } from './chat/conversation.ts'
import { CHAT_TEMPLATE_OPTIONS, chosenTemplate } from './shell/chat-options.ts'
import { defineCommand } from './shell/command.ts'
import { JSON_OPTION, MODEL_FILE_OPTIONS, modelPath } from './shell/options.ts'
import { write } from './shell/output.ts'
import { FILE_OPTION, readInput, TEXT_OPTION } from './shell/text-input.ts'
import { renderInThread } from './template-thread.ts'

export const command = defineCommand({
  usage: '(MODEL | --chat-template-file F) (-f FILE | -p TEXT) [--tools FILE.json] --json',
  positionalsMax: 1,
  options: {
    text: TEXT_OPTION,
    file: FILE_OPTION,
    tools: {
      kind: 'text',
      names: ['--tools'],
      value: 'FILE',
      help: 'JSON: an array of tools; without it nothing is read as a call',
    },
    json: JSON_OPTION,
    ...CHAT_TEMPLATE_OPTIONS,
    ...MODEL_FILE_OPTIONS,
  },
  async run({ values, positionals, signal }) {
    const path = modelPath(values, positionals)
    const text = String(await readInput(values, '-p and -f'))
    const variables = readVariables('--chat-template-kwargs', values.templateVariables ?? '{}')
    const given = values.tools === undefined ? undefined : await readTools(values.tools)
    const tools = given && readArgument(CHAT.tools.kind, plainValue(given), optionSite('tools'))
    if (given !== undefined) variables.set('tools', given)
    const template = await chosenTemplate('parse', path, values, tools !== undefined)
    const { prompt, forms } = await promptOf(template, variables, signal)
    const { reasoning, content, calls } = splitAnswer(
      text,
      answerReading(prompt, forms, tools, () => ''),
    )
    const parts = `"reasoning":${JSON.stringify(reasoning)},"content":${JSON.stringify(content)}`
    const json = `{${parts},"tool_calls":[${calls.map(callText).join(',')}]}`
    const lines = values.json ? [json] : JSON.stringify(JSON.parse(json), undefined, 2).split('\n')
    write(`${lines.map(printable).join('\n')}\n`)
  },
})

/**
 * What stands before an answer, which may begin the reasoning, and where the forms of calls have their signs: a template
 * that reads no tools needs them told. Of a template that refuses the conversation no prompt is known.
 */
async function promptOf(
  { source, bosToken = '', eosToken = '' }: ModelTemplate & { readonly source: string },
  given: Variables,
  signal: AbortSignal,
): Promise<{ readonly prompt: string; readonly forms: string }> {
  const messages = [new Map(Object.entries({ role: 'user', content: 'Hello' }))]
  const usual = { messages, add_generation_prompt: true, bos_token: bosToken, eos_token: eosToken }
  const variables: Variables = new Map([...Object.entries(usual), ...given])
  const payload = { source, variables, now: localTimeOf(new Date()), unreadTools: 'tell' } as const
  try {
    const { text, hasUnreadTools } = await renderInThread(payload, signal)
    return { prompt: text, forms: hasUnreadTools ? source + CALL_FORM : source }
  } catch (error) {
    if (error instanceof TsinferError && error.code === 'template_refused') return { prompt: '', forms: source }
    throw error
  }
}

/** Arguments as the model wrote them, numbers and all; as a text where they are no JSON. */
function callText({ function: { name, arguments: args } }: ToolCall): string {
  return `{"name":${JSON.stringify(name)},"arguments":${isJson(args) ? args : JSON.stringify(args)}}`
}

function isJson(text: string): boolean {
  try {
    readJson(text)
    return true
  } catch (error) {
    if (error instanceof TemplateFault) return false
    throw error
  }
}
