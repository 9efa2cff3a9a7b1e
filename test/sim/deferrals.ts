// Tokens that take time to draw: what the rows said is kept until they can be, which some never are in time.

import type { Random } from '../../bench/forge/random.ts'
import { assert } from '../../engine/errors.ts'
import type { SchedulerAction, SchedulerEvent } from '../../engine/scheduler/events.ts'
import type { Scenario } from './scenario.ts'

type Judge = Extract<SchedulerAction, { kind: 'judge' }>
type Draw = Extract<SchedulerAction, { kind: 'draw' }>

export class Deferrals {
  readonly #scenario: Scenario
  readonly #random: Random
  /** By request and choice. */
  readonly #kept = new Map<string, { readonly position: number; readonly result: number }>()
  readonly #coming: { readonly at: number; readonly request: number; readonly choice: number }[] = []
  /** Tokens that were drawn later. */
  drawn = 0

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario
    this.#random = random
  }

  get nextTime(): number {
    return this.#coming[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Whether the token takes time. */
  defers({ request, choice, position, mayDefer }: Judge, result: number, now: number): boolean {
    const { deferChance, conductorDelayMax } = this.#scenario
    if (!mayDefer || !this.#random.chance(deferChance)) return false
    this.#kept.set(`${request}.${choice}`, { position, result })
    this.#coming.push({ at: now + this.#random.int(0, 2 * conductorDelayMax + 20), request, choice })
    this.#coming.sort((a, b) => a.at - b.at)
    return true
  }

  /** Told again and again of a choice that has ended, or that has paused and waits for another row. */
  drawable(): SchedulerEvent {
    const { request, choice } = this.#coming.shift()!
    return { kind: 'drawable', request, choice }
  }

  /** What the row said. */
  result({ request, choice, position }: Draw): number {
    const kept = this.#kept.get(`${request}.${choice}`)
    assert(kept?.position === position, 'a token is drawn of a row that was not kept')
    this.drawn++
    return kept.result
  }
}
