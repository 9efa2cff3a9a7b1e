// What the user saw of one request, and whether it is what the oracle says.
import { assert } from '../../engine/errors.ts'
import type { FinishReason } from '../../engine/scheduler/events.ts'
import { expectedChoice, expectedScores } from './model.ts'
import type { PlannedRequest } from './scenario.ts'

export class Transcript {
  readonly #planned: PlannedRequest
  readonly tokens: number[][] = []
  readonly #reasons: (FinishReason | undefined)[] = []
  readonly #scores: number[] = []
  /** The user or a fault has stopped the request. */
  aborted = false
  done = false

  constructor(planned: PlannedRequest) {
    this.#planned = planned
    const { work } = planned
    const choices = work.kind === 'generate' ? work.choices : 0
    for (let choice = 0; choice < choices; choice++) this.tokens.push([])
  }

  #open(choice: number): void {
    assert(!this.done && this.#reasons[choice] === undefined, 'news of a choice that has ended')
  }

  /** A question about the token at `position`: the user must know all tokens before it. */
  ask(choice: number, position: number): void {
    this.#open(choice)
    const known = this.length(choice)
    assert(position === known, `asked for position ${position} while the user knows ${known} tokens`)
  }

  /** Tokens of a choice that the user knows, prompt included. */
  length(choice: number): number {
    return this.#planned.work.prompt.length + this.tokens[choice]!.length
  }

  emit(choice: number, token: number): void {
    this.#open(choice)
    this.tokens[choice]!.push(token)
  }

  finish(choice: number, reason: FinishReason): void {
    this.#open(choice)
    this.#reasons[choice] = reason
  }

  score(position: number, result: number): void {
    const { work } = this.#planned
    assert(work.kind === 'score' && position === work.from + this.#scores.length, 'scores out of order')
    this.#scores.push(result)
  }

  finishAll(): void {
    assert(!this.done, 'done twice')
    const finished = this.tokens.every((_, choice) => this.#reasons[choice] !== undefined)
    assert(finished, 'done before all choices have finished')
    this.done = true
  }

  /** Throws unless the text is the request's solo text, or a beginning of it when it was stopped. */
  check(contextLength: number): void {
    const { id, work } = this.#planned
    assert(this.done, `request ${id} never ended`)
    if (work.kind === 'score') {
      this.#compare(this.#scores, expectedScores(work), this.aborted)
      return
    }
    this.tokens.forEach((tokens, choice) => {
      const expected = expectedChoice(id, choice, work, contextLength)
      const reason = this.#reasons[choice]
      this.#compare(tokens, expected.tokens, reason === 'aborted')
      assert(reason === 'aborted' ? this.aborted : reason === expected.reason, `request ${id} ended with ${reason}`)
    })
  }

  #compare(found: readonly number[], expected: readonly number[], prefix: boolean): void {
    const same = found.every((value, i) => value === expected[i])
    const complete = prefix || found.length === expected.length
    assert(same && complete, `request ${this.#planned.id} wrote [${found}], expected [${expected}]`)
  }
}
