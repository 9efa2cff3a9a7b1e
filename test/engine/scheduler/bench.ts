// A scheduler on a test bench: events in, actions out as short strings, invariants checked around every call.
import type { MicroBatch } from '../../../engine/domain.ts'
import {
  type GenerateWork,
  IDLE,
  type RequestId,
  type RestoreWork,
  type SchedulerAction,
  type SchedulerEvent,
  type SchedulerLimits,
  type ScoreWork,
  type SessionId,
} from '../../../engine/scheduler/events.ts'
import { checkIdle, checkInvariants } from '../../../engine/scheduler/invariants.ts'
import { Scheduler } from '../../../engine/scheduler/scheduler.ts'
import { type Guess, PROBABILITY_ONE } from '../../../engine/speculation/guess.ts'
import type { StepPrices } from '../../../engine/speculation/prices.ts'

export const BENCH_LIMITS: SchedulerLimits = {
  stages: 1,
  cells: 64,
  sequences: 4,
  contextLength: 32,
  inFlightMax: 2,
  chunkRows: 4,
  headRowsMax: 4,
  headroom: 64,
  gapPercent: 200,
  vocabularySize: 1000,
}

export function generate(prompt: ArrayLike<number>, more: Partial<GenerateWork> = {}): GenerateWork {
  return { kind: 'generate', prompt, choices: 1, tokensMax: 3, head: 'top', ...more }
}

export class Bench {
  readonly scheduler: Scheduler
  /** The time of what happens; without one there is no clock. */
  nowUs: number | undefined

  constructor(limits: Partial<SchedulerLimits> = {}, prices?: StepPrices) {
    this.scheduler = new Scheduler({ ...BENCH_LIMITS, ...limits }, { prices })
  }

  /** Cells that are free, or as good as free. */
  get available(): number {
    const { freeCount, keptCount } = this.scheduler.insides.cells
    return freeCount + keptCount
  }

  request(request: RequestId, work: GenerateWork | ScoreWork | RestoreWork): string[] {
    return this.#feed({ kind: 'request', request, work })
  }
  returned(number: number, faults = 0): string[] {
    return this.#feed({ kind: 'returned', number: number as MicroBatch['number'], faults })
  }
  token(token: number, stop = false): string[] {
    return this.#feed({ kind: 'token', token, stop })
  }
  passed(number: number): string[] {
    return this.#feed({ kind: 'passed', number: number as MicroBatch['number'] })
  }
  /** Answers a question to the drafter with a chain, or with guesses as they are. */
  drafted(draft: number, guesses: readonly (number | Guess)[]): string[] {
    const chain = guesses.map(
      (guess, i): Guess =>
        typeof guess === 'number' ? { parent: i - 1, token: guess, probability: PROBABILITY_ONE } : guess,
    )
    return this.#feed({ kind: 'answered', question: draft, guesses: chain })
  }
  deferred(): string[] {
    return this.#feed({ kind: 'deferred' })
  }
  drawable(request: RequestId, choice = 0): string[] {
    return this.#feed({ kind: 'drawable', request, choice })
  }
  scored(): string[] {
    return this.#feed({ kind: 'scored' })
  }
  abort(request: RequestId): string[] {
    return this.#feed({ kind: 'abort', request })
  }
  hold(request: RequestId, session: SessionId): string[] {
    return this.#feed({ kind: 'hold', request, session })
  }
  settled(request: RequestId): string[] {
    return this.#feed({ kind: 'settled', request })
  }
  tick(atUs: number): string[] {
    this.nowUs = atUs
    return this.#feed({ kind: 'tick' })
  }
  forget(session: SessionId): string[] {
    return this.#feed({ kind: 'forget', session })
  }

  /** Lets the pipeline return everything in order, answering 9 to every question, until `steps` returns or idleness. */
  run(steps = Number.POSITIVE_INFINITY): string[] {
    const lines: string[] = []
    for (let step = 0; step < steps; step++) {
      const [oldest] = this.scheduler.insides.runTable.flights
      if (!oldest) break
      let news = this.returned(oldest.number)
      lines.push(...news)
      for (;;) {
        const question = news.at(-1)
        if (question?.startsWith('judge')) news = this.token(9)
        else if (question?.startsWith('score')) news = this.scored()
        else break
        lines.push(...news)
      }
    }
    return lines
  }

  #feed(event: SchedulerEvent): string[] {
    this.scheduler.handle(this.nowUs === undefined ? event : { ...event, atUs: this.nowUs })
    checkInvariants(this.scheduler)
    const lines: string[] = []
    for (;;) {
      const action = this.scheduler.poll()
      checkInvariants(this.scheduler)
      if (action === IDLE) break
      lines.push(describe(action))
      if (action.kind === 'judge' || action.kind === 'draw' || action.kind === 'score') return lines
    }
    checkIdle(this.scheduler)
    return lines
  }
}

function describe(action: SchedulerAction): string {
  switch (action.kind) {
    case 'submit': {
      const { number, rows } = action.microBatch
      const row = ({ token, sequence, position, head }: MicroBatch['rows'][number]) =>
        `${token}@${sequence}:${position}${head === 'none' ? '' : `+${head}`}`
      // Groups are kept apart by a stroke.
      const mark = ({ group }: MicroBatch['rows'][number], i: number) =>
        i > 0 && rows[i - 1]!.group !== group ? '| ' : ''
      return `submit ${number} ${rows.map((each, i) => mark(each, i) + row(each)).join(' ')}`
    }
    case 'map':
      return `map ${action.sequence} ${action.from} [${action.cells.join(' ')}]`
    case 'cancel':
      return `cancel ${action.number} ${action.groups}`
    case 'judge':
      return `judge ${action.request}.${action.choice} row ${action.row} position ${action.position}`
    case 'draw':
      return `draw ${action.request}.${action.choice} position ${action.position}`
    case 'score':
      return `score ${action.request} row ${action.row} position ${action.position}`
    case 'read':
      return `read ${action.request} node ${action.node} row ${action.row}`
    case 'transfer':
      return `transfer ${action.request} [${action.tokens.join(' ')}] [${action.cells.join(' ')}]`
    case 'ask':
      return `draft ${action.question} of ${action.request}.${action.choice} ${action.length} [${action.assumed.join(' ')}] ${action.count}`
    case 'withdraw':
      return `undraft ${action.question}`
    case 'emit':
      return `emit ${action.request}.${action.choice} ${action.token}`
    case 'finish':
      return `finish ${action.request}.${action.choice} ${action.reason}`
    case 'done':
      return `done ${action.request}${action.reused > 0 ? ` reused ${action.reused}` : ''}`
    case 'expired':
      return `expired ${action.request}`
    case 'wake':
      return `wake ${action.atUs}`
    case 'fault':
      return `fault ${action.request}`
    case 'release':
      return `release ${action.number}`
  }
}
