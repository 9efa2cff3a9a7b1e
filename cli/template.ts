// `tsinfer template`: the prompt that a chat template makes of a conversation, and nothing else.
import { localTimeOf } from '../api/chat-request.ts'
import { TsinferError } from '../engine/index.ts'
import { type LocalTime, parseLocalTime, TemplateFault } from '../tokenizer/index.ts'
import { readConversation, readVariables } from './chat/conversation.ts'
import { CHAT_TEMPLATE_OPTIONS, chosenTemplate } from './shell/chat-options.ts'
import { defineCommand } from './shell/command.ts'
import { MODEL_FILE_OPTIONS, modelPath, RAW_OPTION } from './shell/options.ts'
import { noteLine, writeMade } from './shell/output.ts'
import { renderInThread } from './template-thread.ts'

export const command = defineCommand({
  usage: '(MODEL | --chat-template-file F) --messages FILE.json [options]',
  positionalsMax: 1,
  options: {
    messages: {
      kind: 'text',
      names: ['--messages'],
      value: 'FILE',
      help: 'JSON: an array of messages, or an object with messages and other variables',
    },
    tools: { kind: 'text', names: ['--tools'], value: 'FILE', help: 'JSON: an array of tools' },
    toolsInPrompt: {
      kind: 'flag',
      names: ['--tools-in-prompt'],
      help: 'tell the tools in the system turn where the template reads none',
    },
    noGenerationPrompt: {
      kind: 'flag',
      names: ['--no-generation-prompt'],
      help: 'end after the last message instead of beginning an answer',
    },
    bos: { kind: 'text', names: ['--bos'], value: 'TEXT', help: "bos_token (default: the model's)" },
    eos: { kind: 'text', names: ['--eos'], value: 'TEXT', help: "eos_token (default: the model's)" },
    now: { kind: 'text', names: ['--now'], value: 'LOCAL-ISO', help: 'what strftime_now tells (default: the clock)' },
    raw: RAW_OPTION,
    ...CHAT_TEMPLATE_OPTIONS,
    ...MODEL_FILE_OPTIONS,
  },
  async run({ values, positionals, signal }) {
    const path = modelPath(values, positionals)
    if (values.messages === undefined) throw new TsinferError('option_invalid', 'expected --messages FILE, found none')
    const variables = await readConversation(values.messages, values.tools)
    const model = await chosenTemplate('template', path, values, variables.has('tools'))
    const bos = values.bos ?? model.bosToken
    const eos = values.eos ?? model.eosToken
    if (bos !== undefined) variables.set('bos_token', bos)
    if (eos !== undefined) variables.set('eos_token', eos)
    if (values.noGenerationPrompt) variables.set('add_generation_prompt', false)
    for (const [name, value] of readVariables('--chat-template-kwargs', values.templateVariables ?? '{}')) {
      variables.set(name, value)
    }
    const now = values.now === undefined ? localTimeOf(new Date()) : readNow(values.now)
    const unreadTools = values.toolsInPrompt ? 'tell' : 'leave'
    const rendered = await renderInThread({ source: model.source, variables, now, unreadTools }, signal)
    if (rendered.hasUnreadTools && unreadTools === 'leave') noteLine(UNREAD_TOOLS)
    writeMade(rendered.text, values.raw)
  },
})

const UNREAD_TOOLS =
  'the chat template reads no tools: a chat with them is refused, unless --tools-in-prompt tells them'

function readNow(text: string): LocalTime {
  try {
    return parseLocalTime(text)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    throw new TsinferError('option_invalid', `--now: ${error.message}`, { cause: error })
  }
}
