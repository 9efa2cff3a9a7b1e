// From a conversation to a prompt, with a model's chat template. Pure; runs in the text thread.
import { TsinferError } from '../engine/errors.ts'
import { ChatTemplate } from './chat-template.ts'
import { toValue } from './jinja/from-js.ts'
import { readJson } from './jinja/json.ts'
import type { LocalTime } from './jinja/strftime.ts'
import { TemplateFault, type Value } from './jinja/values.ts'
import { isTemplateName, type ModelTemplate, readModelTemplate } from './model-template.ts'
import type { TokenizerMetadata } from './vocabulary.ts'

/** A conversation as plain data. */
export interface ChatRequest {
  readonly messages: readonly unknown[]
  readonly tools: readonly unknown[] | undefined
  /** A Jinja template or the name of one in the file; absent = the file's usual one. */
  readonly template: string | undefined
  /** More variables for the template. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly now: LocalTime
}

export interface ChatPrompt {
  readonly text: string
  /** The template has put the model's BOS at the beginning. */
  readonly hasBos: boolean
}

export class ChatPrompter {
  private readonly metadata: TokenizerMetadata
  /** The last template: a chat uses the same again and again. */
  private compiled: { readonly source: string; readonly template: ChatTemplate } | undefined
  /** What the file has, by what was asked for: looking up tokens reads the whole vocabulary. */
  private readonly found = new Map<string, ModelTemplate>()

  constructor(metadata: TokenizerMetadata) {
    this.metadata = metadata
  }

  /**
   * Throws `template_invalid` where the file has no template or none of that name, or where it is no Jinja,
   * `template_refused` where it does not take these messages, `prompt_invalid` where they are no messages at all.
   */
  prompt({ messages, tools, template, variables, now }: ChatRequest): ChatPrompt {
    const model = this.choose(template, tools !== undefined)
    const compiled = this.compile(model.source)
    const all = new Map<string, Value>([['add_generation_prompt', true]])
    if (model.bosToken !== undefined) all.set('bos_token', model.bosToken)
    if (model.eosToken !== undefined) all.set('eos_token', model.eosToken)
    if (tools !== undefined) all.set('tools', converted(tools, 'tools'))
    for (const [name, value] of Object.entries(variables)) all.set(name, converted(value, name))
    checkRoles(messages)
    const render = (given: readonly Value[]) =>
      compiled.render({ variables: new Map(all).set('messages', [...given]), now })
    const text = renderEither(render, converted(messages, 'messages') as Value[])
    return { text, hasBos: model.bosToken !== undefined && model.bosToken !== '' && text.startsWith(model.bosToken) }
  }

  private choose(template: string | undefined, hasTools: boolean): ModelTemplate & { readonly source: string } {
    const isName = template !== undefined && isTemplateName(template)
    const key = isName ? `name ${template}` : `tools ${hasTools}`
    const model =
      this.found.get(key) ?? readModelTemplate(this.metadata, { hasTools, ...(isName && { name: template }) })
    this.found.set(key, model)
    const source = isName ? model.source : (template ?? model.source)
    if (source !== undefined) return { ...model, source }
    throw new TsinferError(
      'template_invalid',
      'chat template: expected one in the model (tokenizer.chat_template), found none',
    )
  }

  private compile(source: string): ChatTemplate {
    if (this.compiled?.source !== source) this.compiled = { source, template: new ChatTemplate(source) }
    return this.compiled.template
  }
}

function checkRoles(messages: unknown): asserts messages is readonly unknown[] {
  if (!Array.isArray(messages)) {
    const found = messages === null ? 'null' : typeof messages
    throw new TsinferError('prompt_invalid', `messages: expected a list of messages, found ${found}`)
  }
  messages.forEach((message, i) => {
    const role = typeof message === 'object' && message !== null && 'role' in message ? message.role : undefined
    if (typeof role !== 'string') {
      throw new TsinferError('prompt_invalid', `message ${i}: expected an object with a role, found ${typeof message}`)
    }
  })
}

function converted(value: unknown, what: string): Value {
  try {
    return toValue(value)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    throw new TsinferError('prompt_invalid', `${what}: ${error.message}`, { cause: error })
  }
}

/**
 * OpenAI's shape has the arguments of tool calls as JSON text, most templates want them as objects, some as text: the
 * objects are tried first.
 */
function renderEither(render: (messages: readonly Value[]) => string, messages: readonly Value[]): string {
  const opened = messages.map(withObjects)
  if (opened.every((message, i) => message === messages[i])) return render(messages)
  try {
    return render(opened)
  } catch (error) {
    if (!(error instanceof TsinferError)) throw error
    try {
      return render(messages)
    } catch {
      throw error
    }
  }
}

/** The message with its calls' arguments as objects, itself where there are none to convert. */
function withObjects(message: Value): Value {
  const calls = message instanceof Map ? message.get('tool_calls') : undefined
  if (!(message instanceof Map) || !Array.isArray(calls)) return message
  const opened = calls.map(withObject)
  return opened.every((call, i) => call === calls[i]) ? message : new Map([...message, ['tool_calls', opened] as const])
}

function withObject(call: Value): Value {
  const inner = call instanceof Map ? call.get('function') : undefined
  if (!(call instanceof Map) || !(inner instanceof Map)) return call
  const text = inner.get('arguments')
  if (typeof text !== 'string') return call
  try {
    const args = readJson(text)
    if (!(args instanceof Map)) return call
    return new Map([...call, ['function', new Map([...inner, ['arguments', args] as const])] as const])
  } catch (error) {
    if (error instanceof TemplateFault) return call
    throw error
  }
}
