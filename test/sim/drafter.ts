// A scripted drafter: it knows every request's text and proposes right and wrong tokens by its script, after a delay. So
// policies meet every kind of drafter: always right, always wrong, alternating, right by chance, silent, slow, one that
// proposes tokens that do not exist, one that is unsure, trees with the right token in any place.

import type { Random } from '../../bench/forge/random.ts'
import { assert } from '../../engine/errors.ts'
import { type Guess, PROBABILITY_ONE } from '../../engine/speculation/guess.ts'
import type { Question, QuestionNumber } from '../../engine/speculation/question.ts'
import { expectedChoice, VOCABULARY } from './model.ts'
import type { Scenario } from './scenario.ts'

/** Chance that a guess is right, by position; the rest of the script. */
export interface DraftScript {
  readonly name: string
  readonly accuracy: (position: number) => number
  /** Chance that a guess is no token of the vocabulary. */
  readonly garbage: number
  /** Levels per answer, and guesses per place. */
  readonly depthMax: number
  readonly widthMax: number
  readonly delayMax: number
  /** Least probability it claims. */
  readonly probabilityMin: number
}

const chain = { garbage: 0, depthMax: 1, widthMax: 1, delayMax: 3, probabilityMin: PROBABILITY_ONE }
export const SCRIPTS: readonly DraftScript[] = [
  { ...chain, name: 'right', accuracy: () => 1 },
  { ...chain, name: 'wrong', accuracy: () => 0 },
  { ...chain, name: 'alternating', accuracy: (position) => position % 2 },
  ...[0.3, 0.6, 0.9].map((rate) => ({ ...chain, name: `right at ${rate}`, accuracy: () => rate, depthMax: 5 })),
  { ...chain, name: 'garbage', accuracy: () => 0.5, garbage: 0.5, depthMax: 4, widthMax: 3 },
  { ...chain, name: 'silent', accuracy: () => 1, depthMax: 0 },
  { ...chain, name: 'slow', accuracy: () => 0.8, delayMax: 400 },
  { ...chain, name: 'instant', accuracy: () => 0.9, depthMax: 8, delayMax: 0 },
  { ...chain, name: 'unsure trees', accuracy: () => 0.8, depthMax: 3, widthMax: 4, probabilityMin: 0 },
]

export interface Answer {
  readonly question: QuestionNumber
  readonly guesses: readonly Guess[]
  readonly at: number
}

/** What answers the questions of a simulated target. */
export interface SimulatedDrafter {
  /** Questions that are neither answered nor withdrawn. */
  readonly openCount: number
  /** When something happens next. */
  readonly nextTime: number
  /** `known`: tokens of the choice that the user knows. */
  ask(question: Question, known: number, now: number): void
  /** The question is of no use any more; the answer may come all the same. */
  withdraw(question: QuestionNumber, now: number): void
  /** A request is over. */
  end(request: number, now: number): void
  /** What happens at `now`: an answer, perhaps. */
  step(now: number): Answer | undefined
  /** All requests are over: nothing may be left of them. */
  checkEnd(): void
}

export class ScriptedDrafter implements SimulatedDrafter {
  readonly #scenario: Scenario
  readonly #random: Random
  readonly #texts = new Map<string, readonly number[]>()
  readonly #asked = new Set<QuestionNumber>()
  #answers: Answer[] = []

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario
    this.#random = random
  }

  get openCount(): number {
    return this.#asked.size
  }

  get nextTime(): number {
    return this.#answers[0]?.at ?? Number.POSITIVE_INFINITY
  }

  ask(asked: Question, known: number, now: number): void {
    const { question, length, assumed, count } = asked
    assert(count >= 1, 'a question for no guesses')
    assert(length === known || length === known + 1, `a question about ${length} tokens, the user knows ${known}`)
    this.#asked.add(question)
    const { script } = this.#scenario
    const guesses: Guess[] = []
    const right = assumed.every((token, i) => token === this.#tokenAt(asked, length + i))
    this.#grow(asked, guesses, -1, length + assumed.length, right, 0)
    // A fraction keeps answers apart from everything else.
    const at = now + this.#random.int(0, script.delayMax) + 0.5 / (question + 2)
    this.#answers.push({ question, guesses, at })
    this.#answers.sort((a, b) => a.at - b.at)
  }

  withdraw(question: QuestionNumber): void {
    assert(this.#asked.delete(question), `question ${question} is withdrawn, and was not open`)
    if (this.#random.chance(0.5)) this.#answers = this.#answers.filter((answer) => answer.question !== question)
  }

  end(): void {}

  checkEnd(): void {}

  step(): Answer {
    const answer = this.#answers.shift()!
    this.#asked.delete(answer.question)
    return answer
  }

  #grow(question: Question, into: Guess[], parent: number, position: number, right: boolean, depth: number): void {
    const { script } = this.#scenario
    if (depth >= script.depthMax) return
    const width = this.#random.int(1, script.widthMax)
    const rightPlace = right && this.#random.chance(script.accuracy(position)) ? this.#random.int(0, width - 1) : -1
    for (let place = 0; place < width; place++) {
      const token = place === rightPlace ? this.#tokenAt(question, position) : this.#wrongToken()
      const probability = this.#random.int(script.probabilityMin, PROBABILITY_ONE)
      into.push({ parent, token, probability })
      this.#grow(question, into, into.length - 1, position + 1, place === rightPlace, depth + 1)
    }
  }

  #wrongToken(): number {
    const garbage = this.#random.chance(this.#scenario.script.garbage)
    return garbage ? this.#random.pick([-1, VOCABULARY, 1e9, 0.5, Number.NaN]) : this.#random.int(0, VOCABULARY - 1)
  }

  #tokenAt({ request, choice }: Question, position: number): number {
    const { work } = this.#scenario.requests[request]!
    if (work.kind === 'score') return -1
    const key = `${request}.${choice}`
    let text = this.#texts.get(key)
    if (!text) {
      text = expectedChoice(request, choice, work, this.#scenario.limits.contextLength).tokens
      this.#texts.set(key, text)
    }
    return text[position - work.prompt.length] ?? this.#random.int(0, VOCABULARY - 1)
  }
}
