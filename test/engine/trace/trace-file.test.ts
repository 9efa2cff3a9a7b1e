// A trace as its reader sees it: every micro-batch in every stage, arrows that begin and end in spans, verdicts that agree
// with the figures.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chromeEvents } from '../../../engine/trace/trace-events.ts'
import { createTraceRing, Recorder, SUBMIT } from '../../../engine/wire/trace-records.ts'
import { loadModel, TsinferError } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'
import { EMBEDDED_MODEL } from '../started-engine.ts'

const DRAFT_MODEL = repositoryPath('cli/models/stories75K-draft.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-trace-'))
test.after(() => rmSync(folder, { recursive: true }))

interface Event {
  readonly ph: string
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly id: string
  readonly args: { readonly microBatch?: number; readonly cancelled?: boolean }
}

const TARGET = 2
const DRAFTER = 3

async function traced(stages: number, lanes: number) {
  const trace = join(folder, `${stages}-${lanes}.json`)
  const options = { stages, lanes, context: 256, draftModel: DRAFT_MODEL, trace }
  const model = await loadModel(EMBEDDED_MODEL, options)
  const { stats } = await model.generate('Once upon a time', {
    ...{ temperature: 0.8, seed: 3, maxTokens: 100, ignoreEos: true },
    draft: { pMin: 0, pSplit: 0.2 },
  }).result
  await Promise.all([model.close(), model.close()])
  const file = JSON.parse(readFileSync(trace, 'utf8'))
  assert.is(file.otherData.lostRecords, 0)
  const events: Event[] = file.traceEvents
  const spans = (pid: number) => events.filter((event) => event.ph === 'X' && event.pid === pid)
  return { stats, events, spans }
}

const isWithin = ({ ts }: Event, span: Event) => span.ts <= ts + 1e-3 && ts <= span.ts + span.dur + 1e-3

for (const [stages, lanes] of [
  [1, 2],
  [3, 1],
] as const) {
  test(`${stages} stages of ${lanes} lanes`, async () => {
    const { stats, events, spans } = await traced(stages, lanes)
    const submits = events.filter(({ name }) => name.startsWith('submit ') && name !== 'submit draft')
    assert.ok(submits.length > 10)
    for (let stage = 0; stage < stages; stage++) {
      for (let lane = 0; lane < lanes; lane++) {
        const own = spans(TARGET).filter(({ tid }) => tid === stage * 100 + lane + 1)
        const numbers = own.map(({ args }) => args.microBatch)
        const wanted = submits.map(({ args }) => args.microBatch)
        // Helpers are not told of micro-batches that are dead before.
        if (lane === 0) assert.equal(numbers, wanted)
        else assert.ok(numbers.every((number) => wanted.includes(number)))
        for (const [i, { ts, dur }] of own.entries()) {
          const next = own[i + 1]
          if (next && dur > 1) assert.ok(ts + dur <= next.ts + 1e-3, 'spans of a lane follow each other')
        }
      }
    }
    const count = (name: string) => events.filter((event) => event.name === name).length
    assert.is(count('token') + count('accepted') + count('rejected'), stats.tokens)
    assert.is(count('accepted'), stats.accepted)
    const first = spans(TARGET)[0]!
    assert.is(first.name, 'prefill')
    assert.is(first.args.cancelled, false)
    assert.ok(spans(DRAFTER).length > 0)
    checkArrows(events)
  })
}

function checkArrows(events: readonly Event[]): void {
  const starts = events.filter(({ ph }) => ph === 's')
  const ends = events.filter(({ ph }) => ph === 'f')
  assert.is(starts.length, ends.length)
  for (const start of starts) {
    const end = ends.find(({ id }) => id === start.id)
    assert.ok(end && end.ts >= start.ts, 'an arrow points forward')
    for (const point of [start, end]) {
      const inside = events.some(
        (span) => span.ph === 'X' && span.pid === point.pid && span.tid === point.tid && isWithin(point, span),
      )
      assert.ok(inside, 'an arrow hangs on spans')
    }
  }
}

test('a path that cannot be written is told before the model is looked at; a failed load leaves what was there', async () => {
  const refused = async (path: string, trace: string) => {
    const error = await loadModel(path, { trace }).catch((reason) => reason)
    assert.instance(error, TsinferError)
    return `${error.code} ${error.message}`
  }
  const nowhere = join(folder, 'none', 't.json')
  assert.match(await refused('no-such-model.gguf', nowhere), /^option_invalid trace: .*none.* found no such directory$/)
  execFileSync('mkfifo', [join(folder, 'fifo')])
  assert.match(await refused('no-such-model.gguf', join(folder, 'fifo')), /^option_invalid trace: .* found a FIFO$/)
  assert.match(await refused('no-such-model.gguf', '/dev/null'), /^option_invalid trace: .* found a device$/)
  const before = readdirSync(folder)
  assert.match(await refused('no-such-model.gguf', join(folder, 't.json')), /^file_unreadable/)
  assert.equal(readdirSync(folder), before)
  writeFileSync(join(folder, 't.json'), 'of yesterday')
  assert.match(await refused('no-such-model.gguf', join(folder, 't.json')), /^file_unreadable/)
  assert.is(readFileSync(join(folder, 't.json'), 'utf8'), 'of yesterday')
})

test('a trace that cannot be written when it is over: one error, and everything has ended', async () => {
  const gone = join(folder, 'gone')
  mkdirSync(gone)
  const model = await loadModel(EMBEDDED_MODEL, { context: 32, trace: join(gone, 't.json') })
  rmSync(gone, { recursive: true })
  const error = await model.close().catch((reason) => reason)
  assert.is(error.code, 'file_unwritable')
  assert.match(error.message, /t\.json: expected a file that can be written, found no such directory$/)
})

test('lost records are told, and what remains is shown without what it refers to', () => {
  const conductor = createTraceRing(4)
  const recorder = new Recorder(conductor)
  for (let i = 0; i < 10; i++) recorder.next(SUBMIT, 100 + i, 100 + i)
  const events = [...chromeEvents({ conductor, target: [[createTraceRing(4)]], draft: [] })] as unknown as Event[]
  assert.is(events.filter(({ name }) => name === '6 earlier records lost').length, 1)
  assert.is(events.filter(({ ph }) => ph === 'X').length, 4)
})

test.run()
