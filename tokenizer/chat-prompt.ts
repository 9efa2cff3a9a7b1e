// From a conversation to a prompt, with a model's chat template. Pure; runs in the text thread.
import { TsinferError } from '../engine/errors.ts'
import { renderFitted } from './chat-fitting.ts'
import { ChatTemplate } from './chat-template.ts'
import type { Budget } from './jinja/budget.ts'
import { toValue } from './jinja/from-js.ts'
import type { LocalTime } from './jinja/strftime.ts'
import { TemplateFault, type Value } from './jinja/values.ts'
import { type ControlTexts, type MarkedText, markMessages } from './message-marks.ts'
import { isTemplateName, type ModelTemplate, readModelTemplate } from './model-template.ts'
import { CHATML } from './no-template.ts'
import { CALL_FORM } from './tools-in-prompt.ts'
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
  /** Tell the tools in the system turn where the template reads none; they are refused otherwise. */
  readonly toolsInPrompt: boolean
  /** Take control tokens that messages spell for the tokens they name. */
  readonly parseSpecial: boolean
}

export interface ChatPrompt {
  readonly text: string
  /** Source of the template that made it, and the form of calls where it was told beside it. */
  readonly template: string
  /** Which control tokens of the text stand in messages, where any could. */
  readonly marked?: MarkedText
  /** The template has put the model's BOS at the beginning. */
  readonly hasBos: boolean
}

export class ChatPrompter {
  readonly #metadata: TokenizerMetadata
  /** The last template: a chat uses the same again and again. */
  #compiled: { readonly source: string; readonly template: ChatTemplate } | undefined
  /** What the file has, by what was asked for: looking up tokens reads the whole vocabulary. */
  readonly #found = new Map<string, ModelTemplate>()

  readonly #controls: ControlTexts
  readonly #onNotice: (notice: string) => void

  /** `controls` are those of the vocabulary; `onNotice` as in `LoadOptions`. */
  constructor(metadata: TokenizerMetadata, controls: ControlTexts, onNotice: (notice: string) => void) {
    this.#metadata = metadata
    this.#controls = controls
    this.#onNotice = onNotice
  }

  /**
   * Throws `template_invalid` where the file has no template of that name, or where it is no Jinja, `template_refused`
   * where it does not take these messages or tools, `prompt_invalid` where they are no messages at all. A file without a
   * template gets ChatML, and a notice. All of its renderings together take the steps of `budget`.
   */
  prompt(request: ChatRequest, budget: Budget): ChatPrompt {
    const { messages, tools, template, variables, now, toolsInPrompt, parseSpecial } = request
    const model = this.#choose(template, tools !== undefined)
    const compiled = this.#compile(model.source)
    const all = new Map<string, Value>([['add_generation_prompt', true]])
    if (model.bosToken !== undefined) all.set('bos_token', model.bosToken)
    if (model.eosToken !== undefined) all.set('eos_token', model.eosToken)
    if (tools !== undefined) all.set('tools', converted(tools, 'tools'))
    for (const [name, value] of Object.entries(variables)) all.set(name, converted(value, name))
    checkRoles(messages)
    all.set('messages', converted(messages, 'messages'))
    const unreadTools = toolsInPrompt ? 'tell' : 'refuse'
    const fitting = { variables: all, now, unreadTools, budget } as const
    const { text, variables: fitted, hasUnreadTools } = renderFitted(compiled, fitting)
    const { bosToken = '' } = model
    const render = (changed: ReadonlyMap<string, Value>) => compiled.render({ variables: changed, now, budget })
    const marked = parseSpecial ? undefined : markMessages(text, fitted, render, this.#controls)
    const hasBos = bosToken !== '' && (marked?.text ?? text).startsWith(bosToken)
    const form = hasUnreadTools ? CALL_FORM : ''
    return { text, template: model.source + form, hasBos, ...(marked && { marked }) }
  }

  #choose(template: string | undefined, hasTools: boolean): ModelTemplate & { readonly source: string } {
    const isName = template !== undefined && isTemplateName(template)
    const key = isName ? `name ${template}` : `tools ${hasTools}`
    const model =
      this.#found.get(key) ?? readModelTemplate(this.#metadata, { hasTools, ...(isName && { name: template }) })
    this.#found.set(key, model)
    const source = isName ? model.source : (template ?? model.source)
    if (source === undefined) this.#onNotice(CHATML.notice)
    return { ...model, source: source ?? CHATML.source }
  }

  #compile(source: string): ChatTemplate {
    if (this.#compiled?.source !== source) this.#compiled = { source, template: new ChatTemplate(source) }
    return this.#compiled.template
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
      const found = typeof message === 'object' && message !== null ? 'one without a role' : String(message)
      throw new TsinferError(
        'prompt_invalid',
        `message ${i}: expected an object with the text of a role, found ${found}`,
      )
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
