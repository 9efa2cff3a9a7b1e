// A model's chat template: from a conversation to the text that the model was trained to continue. Syntax is read by
// @huggingface/jinja, meaning is given by jinja/renderer.ts in the setting of Hugging Face's `apply_chat_template`.
// Pure, deterministic, and bounded in steps and sizes: a template is code from a file nobody has checked.
import { TsinferError } from '../engine/errors.ts'
import { Budget, TOO_DEEP } from './jinja/budget.ts'
import { defineGlobals } from './jinja/globals.ts'
import { Renderer } from './jinja/renderer.ts'
import { Scope } from './jinja/scope.ts'
import type { LocalTime } from './jinja/strftime.ts'
import { type Node, parseTemplate } from './jinja/syntax.ts'
import { Refusal, TemplateFault, type Value } from './jinja/values.ts'

/** Characters of a template; the longest known ones have 30,000. */
const SOURCE_MAX = 1 << 20

export interface TemplateInput {
  /** `messages`, `tools`, `bos_token` and so on; a name that is absent is undefined in the template. */
  readonly variables: ReadonlyMap<string, Value>
  /** What `strftime_now` tells. */
  readonly now: LocalTime
  /** What this rendering and others may take together. Default: one of its own. */
  readonly budget?: Budget
}

export class ChatTemplate {
  readonly #nodes: readonly Node[]

  /** Throws `template_invalid` with the line where the source is no Jinja. */
  constructor(source: string) {
    if (source.length > SOURCE_MAX) {
      throw new TsinferError(
        'template_invalid',
        `chat template: expected at most ${SOURCE_MAX} characters, found ${source.length}`,
      )
    }
    this.#nodes = guarded(() => parseTemplate(source))
  }

  /**
   * The text of a conversation. Throws `template_refused` where the template raises an exception, fails on these
   * messages, or does not come to an end within its bounds.
   */
  render({ variables, now, budget = new Budget() }: TemplateInput): string {
    return guarded(() => {
      const scope = new Scope()
      defineGlobals(scope, now, budget)
      for (const [name, value] of variables) scope.set(name, value)
      return new Renderer(budget).render(this.#nodes, scope)
    }, 'template_refused')
  }
}

function guarded<Result>(
  work: () => Result,
  code: 'template_invalid' | 'template_refused' = 'template_invalid',
): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) throw new TsinferError(code, `chat template: refuses the messages: ${line(error)}`)
    if (error instanceof TemplateFault) throw new TsinferError(code, `chat template: ${line(error)}`)
    // The bounds are below what a stack holds; where one is smaller than any we know, it says the same.
    if (error instanceof RangeError && /stack/i.test(error.message))
      throw new TsinferError(code, `chat template: ${TOO_DEEP}`)
    throw error
  }
}

/** Characters of a message: what a template raises, and what it looked for, may be of any length. */
const MESSAGE_MAX = 400

function line({ message }: Error): string {
  const text = message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message
  return text.replace(/\s*[\n\r\u2028\u2029]\s*/g, ' ')
}
