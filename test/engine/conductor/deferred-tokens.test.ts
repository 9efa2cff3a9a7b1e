// A token whose constraint takes time holds nobody up: the others go on meanwhile, and it is the same in the end.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { LiveRequests } from '../../../engine/conductor/live-requests.ts'
import { PipelineMeter } from '../../../engine/conductor/meter.ts'
import { PIECE_STEPS } from '../../../engine/conductor/preparation.ts'
import { type CompiledForm, packGrammar } from '../../../engine/constraint/compiled-form.ts'
import { Constraints } from '../../../engine/constraint/constraints.ts'
import { resolveResponseFormat } from '../../../engine/constraint/response-format.ts'
import { buildTokenTrie } from '../../../engine/constraint/token-trie.ts'
import type { MicroBatchNumber } from '../../../engine/domain.ts'
import type { FromConductor, GenerateRequest } from '../../../engine/messages.ts'
import type { ControlLayout } from '../../../engine/pipeline/control.ts'
import type { Returned } from '../../../engine/pipeline/pipeline.ts'
import { resolveSampling } from '../../../engine/sampling/parameters.ts'
import { createScratch } from '../../../engine/sampling/sampler.ts'
import { IDLE, type SchedulerAction } from '../../../engine/scheduler/events.ts'
import { Scheduler } from '../../../engine/scheduler/scheduler.ts'
import { AutoAdvisor } from '../../../engine/speculation/auto/auto-advisor.ts'
import { StepCosts } from '../../../engine/speculation/auto/step-costs.ts'
import { createDrafter } from '../../../engine/speculation/drafters/index.ts'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'
import { vocabularyOf } from '../constraint/walk.ts'

const random = createRandom(7)
const letters = (count: number) => String.fromCharCode(...Array.from({ length: count }, () => random.int(97, 122)))
/** So many tokens that the mask of a text takes several pieces. */
const TOKEN_BYTES = vocabularyOf([...new Set(Array.from({ length: 20_000 }, () => letters(random.int(3, 6))))])
const VOCABULARY = TOKEN_BYTES.offsets.length - 1
const LIMITS = {
  ...{ stages: 1, cells: 256, sequences: 4, contextLength: 64, inFlightMax: 2, chunkRows: 8, headRowsMax: 8 },
  ...{ headroom: 0, gapPercent: 200, vocabularySize: VOCABULARY },
}
const SCHEMA = { type: 'string', maxLength: 40 }
const { name, grammar } = resolveResponseFormat({ type: 'json_schema', schema: SCHEMA })!
const TEXT: CompiledForm = { name, numbers: packGrammar(grammar), trie: buildTokenTrie(TOKEN_BYTES, [0]) }

/** What the model says at every position. No reported token is any JSON, so that all logits are looked at. */
const LOGITS = Float32Array.from({ length: VOCABULARY }, (_, id) => ((id * 7919) % 1000) / 100)
const ROW = { ids: Int32Array.of(0), logits: Float32Array.of(20), logsumexp: 21, count: 1, full: () => LOGITS }
const RETURNED: Returned = {
  ...{ number: 0 as MicroBatchNumber, faults: 0, stoppedUs: 0, stageUs: () => 0 },
  ...{ has: () => true, nanCount: () => 0, row: () => ROW },
}

/** A conductor whose stages answer when they are told to. */
class Conducted {
  readonly scheduler: Scheduler
  readonly requests: LiveRequests
  readonly told: FromConductor[] = []
  readonly #inFlight: MicroBatchNumber[] = []

  constructor() {
    const advisor = new AutoAdvisor(new StepCosts(1), LIMITS.headRowsMax)
    this.scheduler = new Scheduler(LIMITS, { advisor })
    const meter = new PipelineMeter(new Int32Array(8), { busy: [] } as unknown as ControlLayout, 1, 0)
    const drafter = createDrafter({ host: { answer() {}, fail() {} }, draft: undefined })
    const tell = (message: FromConductor) => this.told.push(message)
    this.requests = new LiveRequests(
      { scheduler: this.scheduler, drafter, advisor, meter, draftMeter: undefined, trace: undefined, tell },
      {
        ...{ vocabularySize: VOCABULARY, scratch: createScratch(VOCABULARY), contextLength: LIMITS.contextLength },
        ...{ tokenBytes: TOKEN_BYTES, constraints: new Constraints(TOKEN_BYTES, VOCABULARY) },
      },
    )
  }

  begin(request: number, more: Partial<GenerateRequest> = {}): void {
    const work = { prompt: Int32Array.of(1), choices: 1, tokensMax: 30, stopTokens: [0], stopStrings: [] }
    const parameters = resolveSampling({ topK: 0, topP: 1 }, VOCABULARY, 1)
    this.requests.begin({ kind: 'generate', request, ...work, head: 'top', parameters, ...more } as never)
    this.drain()
  }

  /** The oldest micro-batch returns. False where none is in flight. */
  step(): boolean {
    const number = this.#inFlight.shift()
    if (number === undefined) return false
    this.scheduler.handle({ kind: 'returned', number })
    this.drain()
    return true
  }

  /** One look at the bell with no news. */
  idle(): boolean {
    const worked = this.requests.prepare(true)
    this.drain()
    return worked
  }

  drain(): void {
    for (;;) {
      const action = this.scheduler.poll()
      if (action === IDLE) return
      this.#perform(action)
    }
  }

  #perform(action: SchedulerAction): void {
    if (action.kind === 'submit') this.#inFlight.push(action.microBatch.number)
    else if (action.kind === 'judge') this.requests.judge(action, RETURNED)
    else if (action.kind === 'draw') this.requests.draw(action)
    else if (action.kind === 'emit') this.requests.emit(action)
    else if (action.kind === 'done') this.requests.finish(action)
  }

  tokens(request: number): number[] {
    return this.told.flatMap((one) => (one.kind === 'token' && one.request === request ? [one.token] : []))
  }
  ended(request: number): boolean {
    return this.told.some((one) => 'request' in one && one.request === request && one.kind === 'done')
  }
}

/** The text of one request that has all the time there is. */
function alone(constraint: CompiledForm, more: Partial<GenerateRequest> = {}): number[] {
  const conducted = new Conducted()
  conducted.begin(1, { constraint, ...more })
  for (let i = 0; i < 10_000 && !conducted.ended(1); i++) if (!conducted.step()) conducted.idle()
  assert.ok(conducted.ended(1))
  return conducted.tokens(1)
}

test('while a mask is worked out the tokens of others go on, and the text is the same', () => {
  const expected = alone(TEXT)
  const conducted = new Conducted()
  conducted.begin(1, { constraint: TEXT })
  conducted.begin(2)
  // The mask never gets its turn: whoever is free has all of its tokens.
  for (let step = 0; step < 40 && conducted.step(); step++);
  const early = conducted.tokens(1)
  assert.ok(early.length < expected.length, 'no token waited for its mask')
  assert.equal(conducted.tokens(2).length, 30)
  assert.ok(conducted.ended(2) && !conducted.ended(1))
  for (let i = 0; i < 10_000 && !conducted.ended(1); i++) if (!conducted.step()) assert.ok(conducted.idle(), 'a stall')
  assert.equal(conducted.tokens(1), expected)
})

test('a mask takes several looks at the bell, and one that is expected is there when it is needed', () => {
  const conducted = new Conducted()
  conducted.begin(1, { constraint: TEXT })
  conducted.step()
  assert.equal(conducted.tokens(1).length, 1, 'only a quotation mark may come: a short walk')
  let pieces = 0
  while (conducted.idle()) pieces++
  assert.ok(pieces > 1, `${pieces} pieces of ${PIECE_STEPS} steps`)
  conducted.step()
  assert.equal(conducted.tokens(1).length, 2, 'the token waited for a mask that had its time')
})

test('choices, and requests that end or speculate while a mask is worked out', () => {
  const expected = alone(TEXT)
  const conducted = new Conducted()
  const draft = resolveDraft('pipe', {})
  conducted.begin(1, { constraint: TEXT, choices: 2 })
  conducted.begin(2, { constraint: TEXT })
  conducted.begin(3, { constraint: TEXT, draft })
  for (let i = 0; i < 20 && conducted.step(); i++);
  assert.equal(conducted.tokens(3), expected, 'drafts wait for the token: it is drawn at once')
  conducted.requests.abort(2)
  conducted.drain()
  for (let i = 0; i < 10_000 && !conducted.ended(1); i++) if (!conducted.step()) assert.ok(conducted.idle(), 'a stall')
  const first = conducted.told.flatMap((one) => (one.kind === 'token' && one.request === 1 && one.choice === 0 ? [one.token] : [])) // biome-ignore format: one line reads better
  assert.equal(first, expected)
  assert.not(conducted.idle(), 'something is prepared for nobody')
})

test.run()
