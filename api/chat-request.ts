// What the text thread is asked for in a chat.
import type { ChatMessage, ChatOptions } from '../engine/index.ts'
import type { ChatRequest } from '../tokenizer/chat-prompt.ts'
import type { LocalTime } from '../tokenizer/jinja/strftime.ts'

/** The fields that a clock on the wall shows here. */
export const localTimeOf = (moment: Date): LocalTime => ({
  year: moment.getFullYear(),
  month: moment.getMonth() + 1,
  day: moment.getDate(),
  hour: moment.getHours(),
  minute: moment.getMinutes(),
  second: moment.getSeconds(),
  microsecond: moment.getMilliseconds() * 1000,
})

/** What the text thread is asked for. */
export function chatRequest(messages: readonly ChatMessage[], options: ChatOptions): ChatRequest {
  const { tools, chatTemplate, templateVariables = {}, now = new Date() } = options
  const { toolsInPrompt = false, parseSpecial = false } = options
  return {
    messages,
    tools,
    template: chatTemplate,
    variables: templateVariables,
    now: localTimeOf(now),
    toolsInPrompt,
    parseSpecial,
  }
}
