// What `tsinfer run` is asked for: to go on from raw text or token ids, one turn of a chat, or a chat.
import { TsinferError } from '../../engine/errors.ts'
import type { ChatMessage } from '../../index.ts'
import { unescaped } from './escapes.ts'
import { readPrompt } from './prompt.ts'
import { readTextFile } from './text-input.ts'

type Wanted =
  | { readonly kind: 'raw'; readonly prompt: string | readonly number[] }
  | { readonly kind: 'turn'; readonly messages: readonly ChatMessage[] }
  | { readonly kind: 'chat' }

export interface WantedValues {
  readonly prompt?: string
  readonly file?: string
  readonly ids?: readonly number[]
  readonly system?: string
  readonly template?: string
  readonly templateFile?: string
  /** Whether backslashes of typed text are escapes; absent: they are. */
  readonly escapes?: boolean
  readonly json?: boolean
}

/**
 * A text that stands behind the model, or comes with a system prompt, is one turn; text given otherwise is raw. Nothing at
 * all is a chat on a terminal, a story of the model inside the package, else standard input has the text. Throws `option_invalid` for more than one source.
 */
export async function wantedOf(
  values: WantedValues,
  question: string | undefined,
  where: { readonly isEmbedded: boolean; readonly isTerminal: boolean },
  signal: AbortSignal,
): Promise<Wanted> {
  const { prompt, file, ids, system, template, templateFile, json } = values
  const given = Object.entries({ PROMPT: question, '-p': prompt, '-f': file, '--ids': ids })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
  if (given.length > 1) {
    throw new TsinferError(
      'option_invalid',
      `prompt: expected one of PROMPT, -p, -f and --ids, found ${given.join(' and ')}`,
    )
  }
  const mayBegin = where.isEmbedded && system === undefined
  // The model inside the package knows stories: it begins one, unless a chat is asked for.
  const isStory = mayBegin && template === undefined && templateFile === undefined
  if (given.length === 0 && where.isTerminal && !isStory && !json) return { kind: 'chat' }
  if (ids !== undefined) {
    if (system !== undefined) throw new TsinferError('option_invalid', 'system: expected a text to answer, found --ids')
    return { kind: 'raw', prompt: ids }
  }
  const text = await textOf(values, question, mayBegin, signal)
  if (question === undefined && system === undefined) return { kind: 'raw', prompt: text }
  const user: ChatMessage = { role: 'user', content: text }
  const messages = system === undefined ? [user] : [{ role: 'system', content: system }, user]
  return { kind: 'turn', messages }
}

async function textOf(
  { prompt, file, escapes = true, json = false }: WantedValues,
  question: string | undefined,
  mayBegin: boolean,
  signal: AbortSignal,
): Promise<string> {
  const typed = question ?? prompt
  const text =
    typed !== undefined
      ? escapes
        ? unescaped(typed, 'prompt')
        : typed
      : file !== undefined
        ? (await readTextFile(file)).replace(/\r?\n$/, '')
        : await readPrompt(mayBegin, json, signal)
  if (text !== '') return text
  throw new TsinferError('prompt_invalid', 'prompt: expected some text, found none (--ids begins with any token)')
}
