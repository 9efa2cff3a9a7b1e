// `tsinfer template`: the prompt that a chat template makes of a conversation, and nothing else.

import { localTimeOf } from '../chat.ts'
import { TsinferError } from '../engine/errors.ts'
import { readChatTemplate } from '../index.ts'
import { ChatTemplate, type LocalTime, parseLocalTime, TemplateFault } from '../tokenizer/index.ts'
import { CHAT_TEMPLATE_OPTIONS, givenTemplate } from './chat-options.ts'
import { defineCommand } from './command.ts'
import { readConversation, readVariables } from './conversation.ts'
import { MODEL_FILE_OPTIONS, modelPath, present, RAW_OPTION } from './options.ts'
import { writeMade } from './output.ts'

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
  async run({ values, positionals }) {
    const path = modelPath(values, positionals)
    if (values.messages === undefined) throw new TsinferError('option_invalid', 'expected --messages FILE, found none')
    const variables = await readConversation(values.messages, values.tools)
    const given = await givenTemplate(values)
    const hasTools = variables.has('tools')
    const model =
      path === undefined ? undefined : await readChatTemplate(path, { hasTools, ...present({ name: given.name }) })
    const source = given.source ?? model?.source
    if (source === undefined) throw noTemplate(path)
    const bos = values.bos ?? model?.bosToken
    const eos = values.eos ?? model?.eosToken
    if (bos !== undefined) variables.set('bos_token', bos)
    if (eos !== undefined) variables.set('eos_token', eos)
    if (values.noGenerationPrompt) variables.set('add_generation_prompt', false)
    for (const [name, value] of readVariables('--chat-template-kwargs', values.templateVariables ?? '{}')) {
      variables.set(name, value)
    }
    const now = values.now === undefined ? localTimeOf(new Date()) : readNow(values.now)
    writeMade(new ChatTemplate(source).render({ variables, now }), values.raw)
  },
})

function readNow(text: string): LocalTime {
  try {
    return parseLocalTime(text)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    throw new TsinferError('option_invalid', `--now: ${error.message}`, { cause: error })
  }
}

const noTemplate = (path: string | undefined): TsinferError =>
  path === undefined
    ? new TsinferError('option_invalid', 'template: expected a model file or --chat-template-file, found none')
    : new TsinferError('template_invalid', `${path}: expected a chat template (tokenizer.chat_template), found none`)
