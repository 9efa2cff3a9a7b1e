// A generation while it runs in the conductor: how the tokens of its choices are drawn, and what may end them.
import type { Constraints } from '../constraint/constraints.ts'
import type { GrammarConstraint } from '../constraint/grammar-constraint.ts'
import type { Position, TokenId } from '../domain.ts'
import { assert, TsinferError } from '../errors.ts'
import type { GenerateRequest, Numbered } from '../messages.ts'
import type { ResultRow } from '../pipeline/pipeline.ts'
import { headNeeded } from '../sampling/filters/index.ts'
import { Sampler, type SamplingContext, type TopRow } from '../sampling/sampler.ts'
import { compileStopStrings, StopWatch } from '../sampling/stop-strings.ts'
import type { GenerateWork } from '../scheduler/events.ts'
import { reachableLength } from '../scheduler/work.ts'
import type { DraftedChoice } from '../speculation/drafters/drafter.ts'

/** What all generations of a model share. */
export interface GenerationContext extends SamplingContext {
  /** Absent for a model without a vocabulary. */
  readonly constraints: Constraints | undefined
  /** Positions of a sequence. */
  readonly contextLength: number
}

/** A sampled token; `ends`: it ends the choice; `shown`: it still belongs to the text. */
export interface Sampled {
  readonly token: TokenId
  readonly ends: boolean
  readonly shown: boolean
}

/** What draws the tokens of one choice. */
interface Drawing {
  readonly sampler: Sampler
  readonly stopWatch: StopWatch | undefined
  readonly constraint: GrammarConstraint | undefined
  /** What the row said of the token that is deferred. */
  kept: KeptRow | undefined
}

type KeptRow = Pick<ResultRow, keyof TopRow | 'full'>

export class LiveGeneration {
  readonly work: GenerateWork
  /** What a drafter is told of each choice; empty for a request that does not speculate. */
  readonly draftedChoices: readonly DraftedChoice[]
  readonly #stopTokens: ReadonlySet<TokenId>
  readonly #drawings: readonly Drawing[]
  readonly #lengthMax: Position

  /** Throws `option_invalid` for stop strings that cannot be watched for and constraints that cannot be kept. */
  constructor(request: Numbered<GenerateRequest>, context: GenerationContext) {
    const { prompt, parameters, draft } = request
    this.work = { ...request, head: headNeeded(parameters, request.constraint !== undefined) }
    this.#stopTokens = new Set(request.stopTokens)
    const lengthMax = reachableLength(this.work, context.contextLength)
    this.#lengthMax = lengthMax
    this.#drawings = createDrawings(request, context, lengthMax - prompt.length)
    const told = { request: request.request, prompt, parameters, lengthMax, stopTokens: this.#stopTokens }
    this.draftedChoices = draft ? this.#drawings.map((_, choice) => ({ ...told, choice })) : []
  }

  /**
   * Draws the token of `position` and makes it final; of a row that was kept where none is given. Undefined where its
   * constraint is to be prepared first. Throws `option_invalid` where no token is allowed.
   */
  sample(choice: number, row: KeptRow | undefined, position: Position): Sampled | undefined {
    const drawing = this.#drawings[choice]!
    const { sampler, stopWatch, constraint } = drawing
    const said = row ?? drawing.kept!
    const token = sampler.sample(said, said.full, position, constraint)
    if (token === undefined) return undefined
    drawing.kept = undefined
    if (this.#stopTokens.has(token)) return { token, ends: true, shown: false }
    sampler.accept(token)
    const isComplete = constraint?.accept(token) === 'stop'
    return { token, ends: stopWatch?.accept(token) === 'stop' || isComplete, shown: true }
  }

  /** Works on what the constraint of a choice allows next, for about `steps`. Returns whether it is known. */
  prepare(choice: number, steps: number): boolean {
    return this.#drawings[choice]!.constraint?.prepare(steps) ?? true
  }

  /** Whether drawing the token behind `position` may take a mask that is not known yet. */
  needsPreparing(choice: number, position: Position): boolean {
    return position + 1 < this.#lengthMax && this.#drawings[choice]!.constraint?.isPrepared === false
  }

  /** Copies what the row says out of the stage's memory, for a token that is deferred. */
  keep(choice: number, { ids, logits, count, full }: KeptRow): void {
    const all = full().slice()
    this.#drawings[choice]!.kept = { ids: ids.slice(), logits: logits.slice(), count, full: () => all }
  }
}

/** `room`: tokens that a choice can get. */
function createDrawings(request: GenerateRequest, context: GenerationContext, room: number): Drawing[] {
  const { parameters, prompt, stopStrings, stopTokens, constraint } = request
  const { tokenBytes, constraints } = context
  const automaton = stopStrings.length > 0 ? compileStopStrings(stopStrings) : undefined
  if (automaton && !tokenBytes) {
    throw new TsinferError('option_invalid', 'stop: expected a model with a vocabulary, found one without')
  }
  assert(!constraint || constraints, 'a constraint of a model without a vocabulary')
  return Array.from({ length: request.choices }, (_, choice) => ({
    sampler: new Sampler(parameters, choice, context, prompt),
    stopWatch: automaton && tokenBytes && new StopWatch(automaton, tokenBytes),
    // A prompt that leaves less than no room is refused by the scheduler.
    constraint: constraint && room >= 0 ? constraints?.create(constraint, room, stopTokens) : undefined,
    kept: undefined,
  }))
}
