import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { MicroBatch } from '../../../engine/domain.ts'
import {
  type GenerateWork,
  IDLE,
  type SchedulerAction,
  type SchedulerEvent,
  type SchedulerLimits,
} from '../../../engine/scheduler/events.ts'
import { checkInvariants } from '../../../engine/scheduler/invariants.ts'
import { Scheduler } from '../../../engine/scheduler/scheduler.ts'

const limits: SchedulerLimits = {
  stages: 1,
  cells: 64,
  sequences: 4,
  contextLength: 32,
  inFlightMax: 2,
  chunkRows: 4,
  headRowsMax: 3,
}
const generate = (prompt: number[], more: Partial<GenerateWork> = {}): GenerateWork => ({
  kind: 'generate',
  prompt,
  choices: 1,
  tokensMax: 3,
  head: 'top',
  ...more,
})

/** A scheduler with its actions as short strings; questions end a drain. */
function bench(over: Partial<SchedulerLimits> = {}) {
  const scheduler = new Scheduler({ ...limits, ...over })
  const drain = (): string[] => {
    const lines: string[] = []
    for (;;) {
      const action = scheduler.poll()
      checkInvariants(scheduler)
      if (action === IDLE) return lines
      lines.push(describe(action))
      if (action.kind === 'judge' || action.kind === 'score') return lines
    }
  }
  const feed = (event: SchedulerEvent): string[] => {
    scheduler.handle(event)
    checkInvariants(scheduler)
    return drain()
  }
  return {
    scheduler,
    request: (request: number, work: GenerateWork) => feed({ kind: 'request', request, work }),
    returned: (number: number, faults = 0) =>
      feed({ kind: 'returned', number: number as MicroBatch['number'], faults }),
    token: (token: number, stop = false) => feed({ kind: 'token', token, stop }),
    scored: () => feed({ kind: 'scored' }),
    abort: (request: number) => feed({ kind: 'abort', request }),
    feed,
  }
}

function describe(action: SchedulerAction): string {
  switch (action.kind) {
    case 'submit': {
      const { number, kind, rows } = action.microBatch
      const row = ({ token, sequence, position, head }: MicroBatch['rows'][number]) =>
        `${token}@${sequence}:${position}${head === 'none' ? '' : `+${head}`}`
      return `submit ${number} ${kind} ${rows.map(row).join(' ')}`
    }
    case 'map':
      return `map ${action.sequence} ${action.from} [${action.cells.join(' ')}]`
    case 'cancel':
      return `cancel ${action.number} ${action.rows}`
    case 'judge':
      return `judge ${action.request}.${action.choice} row ${action.row} position ${action.position}`
    case 'score':
      return `score ${action.request} row ${action.row} position ${action.position}`
    case 'emit':
      return `emit ${action.request}.${action.choice} ${action.token}`
    case 'finish':
      return `finish ${action.request}.${action.choice} ${action.reason}`
    case 'done':
    case 'fault':
      return `${action.kind} ${action.request}`
    case 'release':
      return `release ${action.number}`
  }
}

test('one request, from prompt to length', () => {
  const b = bench()
  assert.equal(b.request(7, generate([5, 6])), ['map 0 0 [0 1 2 3]', 'submit 0 chunk 5@0:0 6@0:1+top'])
  assert.equal(b.returned(0), ['judge 7.0 row 1 position 2'])
  assert.equal(b.token(40), ['submit 1 rows 40@0:2+top', 'emit 7.0 40', 'release 0'])
  assert.equal(b.returned(1), ['judge 7.0 row 0 position 3'])
  assert.equal(b.token(41), ['submit 2 rows 41@0:3+top', 'emit 7.0 41', 'release 1'])
  assert.equal(b.returned(2), ['judge 7.0 row 0 position 4'])
  assert.equal(b.token(42), ['emit 7.0 42', 'finish 7.0 length', 'done 7', 'release 2'])
  assert.is(b.scheduler.cells.freeCount, 64)
})

test('a stop token is not emitted', () => {
  const b = bench()
  b.request(7, generate([5]))
  b.returned(0)
  assert.equal(b.token(2, true), ['finish 7.0 stop', 'done 7', 'release 0'])
})

test.run()
