// The user who saves what sessions keep and brings it back: reads and writes cells when the scheduler lets it, slowly, and
// sometimes gives up.

import type { Random } from '../../bench/forge/random.ts'
import { assert } from '../../engine/errors.ts'
import type { SchedulerAction, SchedulerEvent } from '../../engine/scheduler/events.ts'
import type { CellImage, CellWork } from './cell-work.ts'
import { clientOfSession, type PlannedCopy } from './scenario.ts'
import type { SharingLaws } from './sharing-laws.ts'

type TransferAction = Extract<SchedulerAction, { kind: 'transfer' }>

export class Copier {
  readonly #random: Random
  readonly #copies: readonly PlannedCopy[]
  readonly #cells: CellWork
  readonly #laws: SharingLaws
  readonly #images = new Map<PlannedCopy, { readonly tokens: readonly number[]; readonly image: CellImage }>()
  #open: { readonly action: TransferAction; readonly at: number }[] = []
  /** Tokens written back. */
  written = 0
  /** Transfers that others have ended. */
  expired = 0

  constructor(copies: readonly PlannedCopy[], cells: CellWork, laws: SharingLaws, random: Random) {
    this.#laws = laws
    this.#copies = copies
    this.#cells = cells
    this.#random = random
  }

  /** When the next open transfer is over. */
  get nextTime(): number {
    return Math.min(...this.#open.map(({ at }) => at))
  }

  /** What the user wants back, if there is anything. */
  restore(copy: PlannedCopy): SchedulerEvent | undefined {
    const { writeId, to } = copy
    const saved = this.#images.get(copy)
    if (!saved || saved.tokens.length === 0) return undefined
    return {
      kind: 'request',
      request: writeId,
      work: { kind: 'restore', prompt: saved.tokens, session: to, client: clientOfSession(to) },
    }
  }

  /** The cells may be used from now on. */
  open(action: TransferAction, now: number): void {
    // A fraction keeps transfers apart from everything else.
    this.#open.push({ action, at: now + this.#random.pick([0, 0, 60]) + 0.25 / (action.request + 2) })
  }

  /** The cells are not to be touched any more. */
  expire(request: number): void {
    const left = this.#open.filter(({ action }) => action.request !== request)
    assert(left.length === this.#open.length - 1, `transfer ${request} expires and is not open`)
    this.#open = left
    this.expired++
  }

  /** Ends the transfer that is due at `now`. */
  end(now: number): SchedulerEvent {
    const { action } = this.#open.find(({ at }) => at === now)!
    this.#open = this.#open.filter((other) => other.action !== action)
    const { request, tokens, cells } = action
    if (this.#random.chance(0.1)) return { kind: 'abort', request }
    const copy = this.#copies.find(({ readId, writeId }) => readId === request || writeId === request)
    assert(copy, `transfer ${request}, which nobody asked for`)
    if (copy.readId === request) this.#images.set(copy, { tokens, image: this.#cells.read(cells) })
    else {
      this.#cells.write(cells, this.#images.get(copy)!.image)
      this.#laws.restored(cells, clientOfSession(copy.to))
      this.written += tokens.length
    }
    return { kind: 'settled', request }
  }
}
