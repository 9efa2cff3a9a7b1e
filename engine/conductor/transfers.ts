// The conductor's end of transfers: the K and V of a session's text leave the stages' memories, or come back, in pieces
// that the caller asks for or sends one at a time. So neither thread is held up for longer than a piece takes, and no
// more than one is on its way.
import { assert } from '../errors.ts'
import { ImagePass } from '../kv/image.ts'
import { PIN_US } from '../limits.ts'
import type { FromConductor, Numbered, TransferRequest, TransferStep } from '../messages.ts'
import { type StageLayout, stageCells } from '../model/memory/layout.ts'
import type { RequestId, SchedulerAction } from '../scheduler/events.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { schedulerUs } from './live-requests.ts'

export class Transfers {
  readonly #scheduler: Scheduler
  readonly #newPass: (action: TransferAction) => ImagePass
  readonly #tell: (message: FromConductor) => void
  /** Transfers the caller has not heard the end of; the pass once the cells may be touched. */
  readonly #live = new Map<RequestId, ImagePass | undefined>()

  constructor(
    scheduler: Scheduler,
    stages: readonly StageLayout[],
    memories: readonly ArrayBufferLike[],
    tell: (message: FromConductor) => void,
  ) {
    this.#scheduler = scheduler
    this.#newPass = ({ cells }) => new ImagePass(stages.map(stageCells), memories, cells)
    this.#tell = tell
  }

  /** Throws a `TsinferError` for a text that can never be restored. What is asked of a transfer that is over is left undone. */
  handle(message: Numbered<TransferRequest | TransferStep>): void {
    const { request } = message
    if (message.kind !== 'hold' && message.kind !== 'restore' && !this.#live.has(request)) return
    switch (message.kind) {
      case 'hold':
        this.#scheduler.handle({ ...message, atUs: schedulerUs() })
        this.#live.set(request, undefined)
        return
      case 'restore': {
        const { session, tokens: prompt } = message
        const work = { kind: 'restore', prompt, session } as const
        this.#scheduler.handle({ kind: 'request', request, work, atUs: schedulerUs() })
        this.#live.set(request, undefined)
        return
      }
      case 'read': {
        const bytes = new Uint8Array(message.bytes)
        this.#passOf(request).read(bytes)
        return this.#tell({ kind: 'bytes', request, bytes })
      }
      case 'write':
        this.#passOf(request).write(message.bytes)
        return this.#tell({ kind: 'written', request })
      case 'settle':
        this.#passOf(request)
        this.#live.delete(request)
        this.#scheduler.handle({ kind: 'settled', request, atUs: schedulerUs() })
        return this.#tell({ kind: 'settled', request })
    }
  }

  /** The cells may be touched from now on. */
  open(action: TransferAction): void {
    const { request, tokens } = action
    this.#live.set(request, this.#newPass(action))
    this.#tell({ kind: 'opened', request, tokens: Int32Array.from(tokens) })
  }

  /** The caller gives up. Returns false where there is no such transfer. */
  abort(request: RequestId): boolean {
    if (!this.#live.delete(request)) return false
    this.#scheduler.handle({ kind: 'abort', request, atUs: schedulerUs() })
    return true
  }

  /** Others have waited for the cells for too long. */
  expire(request: RequestId): void {
    this.#live.delete(request)
    this.#tell({ kind: 'failed', request, ...EXPIRED })
  }

  #passOf(request: RequestId): ImagePass {
    const pass = this.#live.get(request)
    assert(pass, `transfer ${request} is not open`)
    return pass
  }
}

const EXPIRED = {
  code: 'request_failed',
  message: `the session: expected its transfer to end within ${PIN_US / 1e6} s of others' waiting for its KV cells, found it under way`,
} as const

type TransferAction = Extract<SchedulerAction, { kind: 'transfer' }>
