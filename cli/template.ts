// `tsinfer template`: the prompt that a chat template makes of a conversation, and nothing else.
import { MessageChannel } from 'node:worker_threads'
import { localTimeOf } from '../api/chat-request.ts'
import { abortedError, onAbort, startResidents, TsinferError } from '../engine/index.ts'
import { readChatTemplate } from '../index.ts'
import { CHATML, type LocalTime, parseLocalTime, TemplateFault } from '../tokenizer/index.ts'
import { readConversation, readVariables } from './chat/conversation.ts'
import { CHAT_TEMPLATE_OPTIONS, givenTemplate } from './shell/chat-options.ts'
import { defineCommand } from './shell/command.ts'
import { MODEL_FILE_OPTIONS, modelPath, present, RAW_OPTION } from './shell/options.ts'
import { noteLine, writeMade } from './shell/output.ts'
import type { RenderAnswer, RenderPayload } from './template-worker.ts'

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
    const given = await givenTemplate(values)
    const hasTools = variables.has('tools')
    const model =
      path === undefined ? undefined : await readChatTemplate(path, { hasTools, ...present({ name: given.name }) })
    if (path === undefined && given.source === undefined) {
      throw new TsinferError('option_invalid', 'template: expected a model file or --chat-template-file, found none')
    }
    const source = given.source ?? model?.source
    if (source === undefined) noteLine(CHATML.notice)
    const bos = values.bos ?? model?.bosToken
    const eos = values.eos ?? model?.eosToken
    if (bos !== undefined) variables.set('bos_token', bos)
    if (eos !== undefined) variables.set('eos_token', eos)
    if (values.noGenerationPrompt) variables.set('add_generation_prompt', false)
    for (const [name, value] of readVariables('--chat-template-kwargs', values.templateVariables ?? '{}')) {
      variables.set(name, value)
    }
    const now = values.now === undefined ? localTimeOf(new Date()) : readNow(values.now)
    const unreadTools = values.toolsInPrompt ? 'tell' : 'leave'
    const rendered = await render({ source: source ?? CHATML.source, variables, now, unreadTools }, signal)
    if (rendered.hasUnreadTools && unreadTools === 'leave') noteLine(UNREAD_TOOLS)
    writeMade(rendered.text, values.raw)
  },
})

/** Renders in a thread of its own. Rejects at once with `aborted`, and with what the template is refused for. */
async function render(given: Omit<RenderPayload, 'port'>, signal: AbortSignal) {
  const { port1, port2 } = new MessageChannel()
  const entry = new URL('./template-worker.js', import.meta.url)
  const resident = { name: 'template', entry, payload: { ...given, port: port2 }, transfer: [port2] }
  const { died, close } = startResidents([resident])
  try {
    const answer = await new Promise<RenderAnswer>((resolve, reject) => {
      port1.once('message', resolve)
      void died.then(({ code, message }) => reject(new TsinferError(code, message)))
      onAbort(signal, () => reject(abortedError('template', signal)))
    })
    if (answer.kind === 'refused') throw new TsinferError(answer.code, answer.message)
    return answer
  } finally {
    port1.close()
    await close(0)
  }
}

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
