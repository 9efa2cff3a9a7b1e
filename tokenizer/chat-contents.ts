// Contents of messages: a text, or OpenAI's list of parts. Pure.
import { TsinferError } from '../engine/errors.ts'
import type { Dict, Value } from './jinja/values.ts'

export type Message = Dict

export const withContent = (message: Message, content: Value): Message => new Map([...message, ['content', content]])

/** The parts of a message's content; undefined where it is no list. Throws `prompt_invalid` for a part that is no text. */
export function partsOf(message: Message, index: number): readonly Dict[] | undefined {
  const content = message.get('content')
  if (!Array.isArray(content)) return undefined
  return content.map((part, i) => {
    const type = part instanceof Map ? part.get('type') : undefined
    if (part instanceof Map && type === 'text' && typeof part.get('text') === 'string') return part
    const found = type === 'text' ? 'a part without text' : typeof type === 'string' ? type : 'a part without a type'
    throw new TsinferError(
      'prompt_invalid',
      `message ${index}: part ${i} of content: expected type text, found ${found.slice(0, 100)}`,
    )
  })
}

/** The content as one text: parts follow each other as they are. */
export function textOfContent(message: Message): string {
  const content = message.get('content')
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => String((part as Dict).get('text'))).join('') : ''
}
