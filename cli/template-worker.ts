// The thread in which `tsinfer template` renders, so that a template that takes long does not keep Ctrl-C waiting.
import type { MessagePort } from 'node:worker_threads'
import { type ErrorCode, TsinferError } from '../engine/errors.ts'
import { ChatTemplate, type LocalTime, renderFitted, type TemplateValue } from '../tokenizer/index.ts'

export interface RenderPayload {
  readonly source: string
  readonly variables: ReadonlyMap<string, TemplateValue>
  readonly now: LocalTime
  readonly unreadTools: 'tell' | 'leave'
  /** Gets one `RenderAnswer`. */
  readonly port: MessagePort
}

export type RenderAnswer =
  | { readonly kind: 'rendered'; readonly text: string; readonly hasUnreadTools: boolean }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }

export default async function runTemplateWorker({ source, port, ...given }: RenderPayload): Promise<undefined> {
  port.postMessage(answer(source, given))
  await new Promise((resolve) => port.on('close', resolve))
}

function answer(source: string, given: Omit<RenderPayload, 'source' | 'port'>): RenderAnswer {
  try {
    const { text, hasUnreadTools } = renderFitted(new ChatTemplate(source), given)
    return { kind: 'rendered', text, hasUnreadTools }
  } catch (error) {
    if (error instanceof TsinferError) return { kind: 'refused', code: error.code, message: error.message }
    throw error
  }
}
