// Actions that wait to be polled.
import type { SchedulerAction } from './events.ts'

/** First in, first out; its storage is reused. */
export class ActionQueue {
  readonly #actions: SchedulerAction[] = []
  #head = 0

  put(action: SchedulerAction): void {
    this.#actions.push(action)
  }

  take(): SchedulerAction | undefined {
    const action = this.#actions[this.#head]
    if (action === undefined) return undefined
    if (++this.#head === this.#actions.length) {
      this.#actions.length = 0
      this.#head = 0
    }
    return action
  }
}
