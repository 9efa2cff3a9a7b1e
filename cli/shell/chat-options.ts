// Which chat template a command uses, as options.
import { TsinferError } from '../../engine/errors.ts'
import { CHAT } from '../../engine/options/table.ts'
import { type ModelTemplate, readChatTemplate } from '../../index.ts'
import { CHATML, isTemplateName } from '../../tokenizer/index.ts'
import type { Options, Values } from './arguments.ts'
import { present } from './options.ts'
import { noteLine } from './output.ts'
import { readTextFile } from './text-input.ts'

export const CHAT_TEMPLATE_OPTIONS = {
  template: {
    kind: 'text',
    names: ['--chat-template'],
    value: 'TEXT',
    help: CHAT.chatTemplate.doc,
  },
  templateFile: {
    kind: 'text',
    names: ['--chat-template-file'],
    value: 'FILE',
    help: "a file with a Jinja template, in place of the model's",
  },
  templateVariables: {
    kind: 'text',
    names: ['--chat-template-kwargs'],
    value: 'JSON',
    help: CHAT.templateVariables.doc,
  },
} as const satisfies Options

/** What to use in place of the model's usual template: a text, or the name of another one; both may be absent. */
interface GivenTemplate {
  readonly source: string | undefined
  readonly name: string | undefined
}

export async function givenTemplate(values: Values<typeof CHAT_TEMPLATE_OPTIONS>): Promise<GivenTemplate> {
  const { template, templateFile } = values
  if (template !== undefined && templateFile !== undefined) {
    throw new TsinferError('option_invalid', 'expected --chat-template or --chat-template-file, found both')
  }
  if (templateFile !== undefined) return { source: await readTextFile(templateFile), name: undefined }
  const isName = template !== undefined && isTemplateName(template)
  return { source: isName ? undefined : template, name: isName ? template : undefined }
}

/**
 * The template that `command` uses: the one that is given, else the model's, else ChatML with a notice; of a model file the
 * texts of its tokens, too. Rejects with `option_invalid` where there is neither.
 */
export async function chosenTemplate(
  command: string,
  path: string | undefined,
  values: Values<typeof CHAT_TEMPLATE_OPTIONS>,
  hasTools: boolean,
): Promise<ModelTemplate & { readonly source: string }> {
  const { source, name } = await givenTemplate(values)
  if (path === undefined && source === undefined) {
    throw new TsinferError('option_invalid', `${command}: expected a model file or --chat-template-file, found none`)
  }
  const none = { source: undefined, bosToken: undefined, eosToken: undefined }
  const model = path === undefined ? none : await readChatTemplate(path, { hasTools, ...present({ name }) })
  const used = source ?? model.source
  if (used === undefined) noteLine(CHATML.notice)
  return { ...model, source: used ?? CHATML.source }
}

/** The variables of `--chat-template-kwargs` for the library. Throws `option_invalid` for what is no JSON object. */
export function plainVariables(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new TsinferError('option_invalid', `--chat-template-kwargs: expected a JSON object, found ${text}`)
}
