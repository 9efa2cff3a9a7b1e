// Live texts at random: extended, committed, pruned and ended at any moment, several at once and beside requests that
// generate, over virtual stages. What is read of a node must be what the model makes of exactly its text.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom, type Random } from '../../bench/forge/random.ts'
import { perform } from '../../engine/pipeline/pipeline.ts'
import { IDLE, type NodeId, type RequestId, type SchedulerAction } from '../../engine/scheduler/events.ts'
import { checkIdle, checkInvariants } from '../../engine/scheduler/invariants.ts'
import { plain } from '../../engine/scheduler/plain.ts'
import { createTransitionCounts, type TransitionCounts } from '../../engine/scheduler/run.ts'
import { Scheduler } from '../../engine/scheduler/scheduler.ts'
import { CellWork, type SimulatedPipeline } from './cell-work.ts'
import { expectedChoice, expectedScores, STOP_TOKEN, sample, VOCABULARY } from './model.ts'
import { firedTransitions, transitionsOf } from './transitions.ts'
import { addCounts } from './world.ts'

interface Node {
  readonly id: NodeId
  /** All tokens up to its end. */
  readonly text: readonly number[]
  isCommitted: boolean
}

/** A text as its driver knows it: nodes that follow each other. */
interface Text {
  readonly id: RequestId
  nodes: Node[]
}

const LENGTH_MAX = 24

class Reader {
  readonly scheduler: Scheduler
  readonly #cells: CellWork
  readonly #pipeline: SimulatedPipeline
  readonly #random: Random
  #texts: Text[] = []
  #nextId = 0
  #refused = 0
  #isOver = false
  readonly #expected = new Map<RequestId, readonly number[]>()
  readonly #written = new Map<RequestId, number[]>()
  read = 0
  late = 0
  gaveWay = 0

  constructor(random: Random) {
    this.#random = random
    const stages = random.int(1, 4)
    const limits = {
      ...{ stages, cells: random.int(2, 5) * LENGTH_MAX, sequences: random.int(1, 5), contextLength: LENGTH_MAX },
      headroom: 64,
      gapPercent: 200,
      ...{ inFlightMax: random.int(1, 6), chunkRows: random.int(1, 6), headRowsMax: random.pick([1, 3, 32]) },
      vocabularySize: VOCABULARY,
    }
    this.#cells = new CellWork(limits, random, () => (random.chance(0.02) ? 1 : 0))
    this.#pipeline = this.#cells.pipeline()
    this.scheduler = new Scheduler(limits, { planner: plain })
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step++) {
      if (this.#random.chance(0.5)) this.#act()
      else this.#advance()
    }
    this.#isOver = true
    for (const text of this.#texts.splice(0)) this.#end(text)
    this.#drain(noRow)
    while (this.#pipeline.nextTime < Number.POSITIVE_INFINITY || this.#pipeline.returnsAt < Number.POSITIVE_INFINITY)
      this.#advance()
    const { cells, requests } = this.scheduler.insides
    assert.is(cells.freeCount + cells.keptCount, cells.capacity, 'cells have leaked')
    assert.is(requests.size, 0)
    this.late = this.#cells.lateRows
  }

  #advance(): void {
    if (this.#pipeline.nextTime < Number.POSITIVE_INFINITY && this.#random.chance(0.8)) {
      this.#pipeline.now = this.#pipeline.nextTime
      this.#pipeline.step(this.#pipeline.now)
    }
    const returned = this.#pipeline.collect()
    if (!returned) return
    this.scheduler.handle({ kind: 'returned', number: returned.number, faults: returned.faults })
    this.#drain((row) => returned.result(row))
  }

  #act(): void {
    this.#change()
    this.#drain(noRow)
  }

  /** One thing that a driver may do. */
  #change(): void {
    if (this.#isOver) return
    const text = this.#texts.length > 0 ? this.#random.pick(this.#texts) : undefined
    const what = this.#random.int(0, 9)
    if (!text || what === 0) this.#begin()
    else if (what === 1) this.#generate()
    else if (what === 2 && this.#random.chance(0.3)) this.#end(text)
    else if (what <= 4) this.#commit(text)
    else if (what <= 6) this.#prune(text)
    else this.#extend(text)
  }

  #begin(): void {
    const text: Text = { id: this.#nextId++, nodes: [] }
    this.#texts.push(text)
    this.scheduler.handle({ kind: 'request', request: text.id, work: { kind: 'text', lengthMax: LENGTH_MAX } })
  }

  /** Somebody else wants the stages, too. */
  #generate(): void {
    const request = this.#nextId++
    const prompt = Array.from({ length: this.#random.int(1, 5) }, () => this.#random.int(0, VOCABULARY - 1))
    this.#written.set(request, [])
    const work = { kind: 'generate', prompt, choices: 1, tokensMax: 5, head: 'best' } as const
    this.scheduler.handle({ kind: 'request', request, work })
    this.#expected.set(request, expectedChoice(request, 0, work, LENGTH_MAX).tokens)
  }

  #end(text: Text): void {
    this.#texts = this.#texts.filter((other) => other !== text)
    this.scheduler.handle({ kind: 'abort', request: text.id })
  }

  #extend({ id, nodes }: Text): void {
    const parent = nodes.at(-1)
    const before = parent?.text ?? []
    const count = Math.min(this.#random.pick([1, 1, 1, 2, 9]), LENGTH_MAX - before.length)
    if (count === 0) return
    const tokens = Array.from({ length: count }, () => this.#random.int(0, VOCABULARY - 1))
    const node = { id: this.#nextId++, text: [...before, ...tokens], isCommitted: false }
    nodes.push(node)
    this.scheduler.handle({ kind: 'extend', request: id, node: node.id, parent: parent?.id, tokens })
  }

  #commit({ id, nodes }: Text): void {
    const at = nodes.findLastIndex(({ isCommitted }) => isCommitted) + 1
    if (at >= nodes.length) return
    const last = this.#random.int(at, nodes.length - 1)
    for (const node of nodes.slice(at, last + 1)) node.isCommitted = true
    this.scheduler.handle({ kind: 'commit', request: id, node: nodes[last]!.id })
  }

  #prune(text: Text): void {
    const at = text.nodes.findIndex(({ isCommitted }) => !isCommitted)
    if (at < 0) return
    const first = this.#random.int(at, text.nodes.length - 1)
    const [node] = text.nodes.splice(first)
    this.scheduler.handle({ kind: 'prune', request: text.id, node: node!.id })
  }

  #drain(resultOf: (row: number) => number): void {
    checkInvariants(this.scheduler)
    for (let action = this.scheduler.poll(); action !== IDLE; action = this.scheduler.poll()) {
      checkInvariants(this.scheduler)
      this.#perform(action, resultOf)
      // A driver may act at any moment, also between a question and its answer.
      if (this.#random.chance(0.1)) this.#change()
      if (this.scheduler.insides.judging.question) this.scheduler.handle(this.#answer(action, resultOf))
      checkInvariants(this.scheduler)
    }
    checkIdle(this.scheduler)
  }

  #answer(action: SchedulerAction, resultOf: (row: number) => number): Parameters<Scheduler['handle']>[0] {
    if (action.kind !== 'judge') return { kind: 'scored' }
    const token = sample(resultOf(action.row), action.request, action.choice)
    return { kind: 'token', token, stop: token === STOP_TOKEN }
  }

  #perform(action: SchedulerAction, resultOf: (row: number) => number): void {
    if (perform(this.#pipeline, action)) return
    if (action.kind === 'read') this.#check(action.request, action.node, resultOf(action.row))
    else if (action.kind === 'fault') {
      const text = this.#texts.find(({ id }) => id === action.request)
      if (text) this.#end(text)
      else this.scheduler.handle({ kind: 'abort', request: action.request })
    } else if (action.kind === 'emit') this.#written.get(action.request)!.push(action.token)
    else if (action.kind === 'finish' && this.#texts.some(({ id }) => id === action.request)) {
      this.#texts = this.#texts.filter(({ id }) => id !== action.request)
      this.gaveWay++
    } else if (action.kind === 'finish' && action.reason !== 'aborted') {
      assert.equal(
        this.#written.get(action.request),
        this.#expected.get(action.request),
        'somebody else wrote another text',
      )
    } else if (action.kind === 'done') {
      const before = this.#texts.length
      this.#texts = this.#texts.filter(({ id }) => id !== action.request)
      if (this.#texts.length < before) this.#refused++
    }
  }

  #check(request: RequestId, id: NodeId, result: number): void {
    const text = this.#texts.find((other) => other.id === request)
    const node = text?.nodes.find((other) => other.id === id)
    assert.ok(node, `node ${id} is read, and is not in its text`)
    const work = { kind: 'score', prompt: node!.text, from: node!.text.length - 1, head: 'scored' } as const
    assert.is(result, expectedScores(work)[0], `node ${id} was read with another text before it`)
    this.read++
  }

  get refused(): number {
    return this.#refused
  }
}

function noRow(): number {
  throw new Error('a question without a returned micro-batch')
}

test('live texts: what is read of a node is what the model makes of its text, whatever happens meanwhile', () => {
  const counts: TransitionCounts = createTransitionCounts()
  const sum = { read: 0, late: 0, refused: 0, gaveWay: 0 }
  const property = fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
    const reader = new Reader(createRandom(seed))
    try {
      reader.run(120)
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
    addCounts(counts, reader.scheduler.insides.runTable.counts)
    sum.read += reader.read
    sum.late += reader.late
    sum.refused += reader.refused
    sum.gaveWay += reader.gaveWay
  })
  const { failed, errorInstance } = fc.check(property, { numRuns: 1500, endOnFailure: true })
  if (failed) throw errorInstance
  const fired = new Set(firedTransitions(counts))
  // Texts give way first, and the requests beside them are short.
  assert.equal(
    transitionsOf(['plain', 'texts']).filter((name) => !fired.has(name) && name !== 'final pause'),
    [],
    'transitions that never fired',
  )
  assert.ok(sum.read > 0 && sum.late > 0 && sum.refused > 0 && sum.gaveWay > 0, JSON.stringify(sum))
})

test.run()
