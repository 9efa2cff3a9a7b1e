// What must hold of cells that texts have in common: each was written for the client whose text it is in, or for all, and a
// text goes on only from where the model can.
import type { RunId } from '../../engine/domain.ts'
import { assert } from '../../engine/errors.ts'
import type { SchedulerLimits } from '../../engine/scheduler/events.ts'
import type { Flight } from '../../engine/scheduler/run.ts'
import type { Sequence } from '../../engine/scheduler/sequence.ts'
import { clientOf } from '../../engine/scheduler/work.ts'

interface Origin {
  readonly client: number
  readonly isForAll: boolean
  /** That wrote it; undefined of what was restored. */
  readonly run: RunId | undefined
}

export class SharingLaws {
  readonly #reusable: NonNullable<SchedulerLimits['reusable']>
  readonly #origins = new Map<number, Origin>()

  constructor({ reusable }: SchedulerLimits) {
    this.#reusable = reusable ?? ((length) => length)
  }

  submitted({ groups, rows }: Flight): void {
    for (const { owner, kind, position, first, count, run } of groups) {
      const { work } = owner.request
      if (kind === 'prefill') this.#check(owner, position, run)
      const isForAll = work.kind !== 'text' && work.isPublic === true
      const origin = { client: clientOf(work), isForAll, run }
      for (const { cell } of rows.slice(first, first + count)) this.#origins.set(cell, origin)
    }
  }

  restored(cells: readonly number[], client: number): void {
    for (const cell of cells) this.#origins.set(cell, { client, isForAll: false, run: undefined })
  }

  /** A chunk of a text begins at `from`. */
  #check({ cells, request }: Sequence, from: number, run: RunId): void {
    for (let i = 0; i < from; i++) {
      const { client, isForAll } = this.#origins.get(cells[i]!)!
      assert(isForAll || client === clientOf(request.work), `a text of client ${client} is shared with another one`)
    }
    const last = from === 0 ? undefined : this.#origins.get(cells[from - 1]!)!
    assert(last?.run === run || this.#reusable(from) === from, `a text goes on from ${from} tokens of another one`)
  }
}
