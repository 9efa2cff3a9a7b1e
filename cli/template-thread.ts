// Renders a chat template in a thread of its own.
import { MessageChannel } from 'node:worker_threads'
import { abortedError, onAbort, startResidents, TsinferError } from '../engine/index.ts'
import type { RenderAnswer, RenderPayload } from './template-worker.ts'

type Rendered = Extract<RenderAnswer, { readonly kind: 'rendered' }>

/** Rejects at once with `aborted`, and with what the template is refused for. */
export async function renderInThread(given: Omit<RenderPayload, 'port'>, signal: AbortSignal): Promise<Rendered> {
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
