// A drafter that is a model: the production drafter (speculation/drafters/draft-model.ts) with its own scheduler and virtual
// stages, beside the target's. Its model is the target's, so it knows what is right, and says so as often as its script
// wants; with a script that is always right, anything else than the right token means that it read another text.

import type { Random } from '../../bench/forge/random.ts'
import { assert } from '../../engine/errors.ts'
import { checkIdle, checkInvariants } from '../../engine/scheduler/invariants.ts'
import type { TransitionCounts } from '../../engine/scheduler/run.ts'
import { DraftModel } from '../../engine/speculation/drafters/draft-model.ts'
import type { DraftedChoice, DrafterHost, Ranker } from '../../engine/speculation/drafters/drafter.ts'
import { PROBABILITY_ONE } from '../../engine/speculation/guess.ts'
import type { Question, QuestionNumber } from '../../engine/speculation/question.ts'
import { CellWork, type SimulatedPipeline } from './cell-work.ts'
import type { Answer, SimulatedDrafter } from './drafter.ts'
import { expectedChoice, sample, VOCABULARY } from './model.ts'
import type { Scenario } from './scenario.ts'

export class ModelledDrafter implements SimulatedDrafter {
  readonly #scenario: Scenario
  readonly #random: Random
  readonly #pipeline: SimulatedPipeline
  readonly #model: DraftModel
  /** Certain tokens of each choice that the model has heard of. */
  readonly #told = new Map<string, number>()
  readonly #asked = new Map<QuestionNumber, Question>()
  readonly #answers: Answer[] = []
  #noticeAt = Number.POSITIVE_INFINITY
  #now = 0

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario
    this.#random = random
    const { contextLength, sequences } = scenario.limits
    const limits = {
      ...{ stages: random.int(1, 3), contextLength, sequences: random.int(1, sequences), vocabularySize: VOCABULARY },
      ...{ cells: contextLength * random.int(1, sequences), inFlightMax: random.int(1, 5) },
      headroom: 64,
      gapPercent: 200,
      ...{ chunkRows: random.int(1, 6), headRowsMax: random.pick([1, 4, 32]) },
    }
    const faults = () => (random.chance(scenario.faultChance) ? random.int(1, 0xffff) : 0)
    this.#pipeline = new CellWork(limits, random, faults).pipeline()
    const host: DrafterHost = {
      // A fraction keeps answers apart from everything else.
      answer: (question, guesses) => this.#answers.push({ question, guesses, at: this.#now + 0.5 / (question + 2) }),
      fail: (_request, error) => {
        throw error
      },
    }
    this.#model = new DraftModel(limits, this.#pipeline, (choice) => this.#ranker(choice), host)
  }

  get transitions(): TransitionCounts {
    return this.#model.scheduler.insides.runTable.counts
  }

  get openCount(): number {
    return this.#asked.size
  }

  get nextTime(): number {
    return Math.min(this.#answers[0]?.at ?? Number.POSITIVE_INFINITY, this.#noticeAt, this.#pipeline.nextTime)
  }

  ask(question: Question, _known: number, now: number): void {
    this.#at(now)
    this.#asked.set(question.question, question)
    this.#tell(question)
    this.#model.ask(question)
    this.#check()
  }

  withdraw(question: QuestionNumber, now: number): void {
    this.#at(now)
    assert(this.#asked.delete(question), `question ${question} is withdrawn, and was not open`)
    this.#model.withdraw(question)
    this.#check()
  }

  end(request: number, now: number): void {
    this.#at(now)
    const { work } = this.#scenario.requests[request]!
    const choices = work.kind === 'generate' ? work.choices : 0
    for (let choice = 0; choice < choices; choice++)
      if (this.#told.delete(`${request}.${choice}`)) this.#model.end(request, choice)
    this.#check()
  }

  step(now: number): Answer | undefined {
    this.#at(now)
    if (this.#answers[0]?.at === now) return this.#take(this.#answers.shift()!)
    if (this.#pipeline.nextTime === now) this.#pipeline.step(now)
    else {
      this.#noticeAt = Number.POSITIVE_INFINITY
      this.#model.collect()
      this.#check()
    }
    if (this.#noticeAt === Number.POSITIVE_INFINITY && this.#pipeline.returnsAt < Number.POSITIVE_INFINITY) {
      this.#noticeAt = now + this.#random.int(0, this.#scenario.conductorDelayMax) + 0.25
    }
    return undefined
  }

  /** Nothing may be left over. */
  checkEnd(): void {
    const { cells, requests } = this.#model.scheduler.insides
    assert(requests.size === 0 && cells.freeCount === cells.capacity, 'the draft model has kept something')
  }

  #at(now: number): void {
    this.#now = now
    this.#pipeline.now = now
  }

  #check(): void {
    checkInvariants(this.#model.scheduler)
    checkIdle(this.#model.scheduler)
  }

  #take(answer: Answer): Answer | undefined {
    const question = this.#asked.get(answer.question)
    if (!question) return undefined
    this.#asked.delete(answer.question)
    const { length, assumed } = question
    const isRight = assumed.every((token, i) => token === this.#tokenAt(question, length + i))
    const right = this.#tokenAt(question, length + assumed.length)
    const [guess] = answer.guesses
    if (this.#scenario.script.name === 'right' && isRight && guess && right !== undefined) {
      assert(guess.token === right, `the draft model read another text than it was asked about`)
    }
    return answer
  }

  /** Tells the model of choices and tokens it has not heard of. */
  #tell({ request, choice, length }: Question): void {
    const { work } = this.#scenario.requests[request]!
    assert(work.kind === 'generate', 'a question about scored work')
    const name = `${request}.${choice}`
    let told = this.#told.get(name)
    if (told === undefined) {
      told = work.prompt.length
      const lengthMax = Math.min(this.#scenario.limits.contextLength, told + work.tokensMax)
      const rest = { parameters: undefined as never, stopTokens: new Set<number>() }
      this.#model.begin({ request, choice, prompt: Array.from(work.prompt), lengthMax, ...rest })
    }
    for (; told < length; told++) this.#model.accept(request, choice, this.#tokenAt({ request, choice }, told)!)
    this.#told.set(name, told)
  }

  /** The text of a choice behind its prompt, undefined behind its end. */
  #tokenAt({ request, choice }: Pick<Question, 'request' | 'choice'>, position: number): number | undefined {
    const { work } = this.#scenario.requests[request]!
    assert(work.kind === 'generate', 'a question about scored work')
    const { tokens } = expectedChoice(request, choice, work, this.#scenario.limits.contextLength)
    return tokens[position - work.prompt.length]
  }

  #ranker({ request, choice }: DraftedChoice): Ranker {
    const { script } = this.#scenario
    return {
      accept: () => {},
      rank: (row, position, count) => {
        const right = sample(row.ids[0]! >>> 0, request, choice)
        const probability = () => this.#random.int(script.probabilityMin, PROBABILITY_ONE) / PROBABILITY_ONE
        const isRight = this.#random.chance(script.accuracy(position))
        const first = { token: isRight ? right : (right + 1) % VOCABULARY, probability: probability() }
        const second = { token: (right + 2) % VOCABULARY, probability: probability() / 2 }
        return [first, second].slice(0, Math.min(count, script.widthMax))
      },
    }
  }
}
