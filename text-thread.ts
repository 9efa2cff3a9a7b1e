// Starts the text thread, which holds a model's vocabulary and template.
import { MessageChannel } from 'node:worker_threads'
import { type Residents, startResidents, type TextOptions, type TokenizeOptions, TsinferError } from './engine/index.ts'
import { TextClient } from './tokenizer/text-client.ts'

/** Time the text worker gets to return by itself. */
const CLOSE_GRACE_MS = 1000

export interface TextThread {
  readonly client: TextClient
  close(): Promise<void>
}

/** `tokenizerPre` takes the place of the file's pre-tokenizer; `onNotice` as in `LoadOptions`. */
export function startText(path: string, { tokenizerPre, onNotice }: TextOptions): TextThread {
  const { port1, port2 } = new MessageChannel()
  const payload = { path, port: port2, ...(tokenizerPre === undefined ? {} : { tokenizerPre }) }
  const entry = new URL('./tokenizer/text-worker.js', import.meta.url)
  const residents: Residents = startResidents([{ name: 'text worker', entry, payload, transfer: [port2] }])
  const client = new TextClient(port1, onNotice)
  residents.died.then(({ code, message }) => client.fail(new TsinferError(code, message)))
  return {
    client,
    async close() {
      client.close()
      await residents.close(CLOSE_GRACE_MS)
    },
  }
}

/** The defaults of encoding. */
export const encodeOptions = ({ addBos = true, parseSpecial = true }: TokenizeOptions = {}) => ({
  addBos,
  parseSpecial,
})
