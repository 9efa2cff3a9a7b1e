// The records of a trace as Chrome trace events, which ui.perfetto.dev and chrome://tracing show. Pure.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMh4h6I0nSsKchNAySU
//
// Three processes: the conductor with its submissions, cancellations and verdicts, the target's lanes and the draft
// model's. An arrow leads from a cancellation to the span it stopped, or to the first stage that left the rows out.
import * as ring from '../wire/trace-records.ts'
import type { LaneRings, TraceRings } from './trace-rings.ts'

/** One event, plain data for JSON. */
type ChromeEvent = Readonly<Record<string, unknown>>

const CONDUCTOR = 1
const SUBMITS = 1
const VERDICTS = 2
const CANCELS = 3
const PIPELINES = [
  { pid: 2, name: 'target' },
  { pid: 3, name: 'draft model' },
] as const
/** Lanes of a stage have thread ids in a row. */
const STAGE_TIDS = 100

const VERDICT_NAMES = ['token', 'accepted', 'rejected'] as const
const COMPUTE_OUTCOMES = ['complete', 'stopped', 'dead before'] as const

/** What was submitted under a number, and what was cancelled of it and has not shown yet. */
interface SubmittedBatch {
  readonly purpose: string
  readonly run: string
  readonly cancels: { readonly beginUs: number; readonly groups: number }[]
}

/** Events in no particular order; times are microseconds since the first of them. */
export function* chromeEvents({ conductor, target, draft }: TraceRings): Generator<ChromeEvent> {
  const rings = [conductor, ...target.flat(), ...draft.flat()]
  const startUs = Math.min(...rings.map(firstUs))
  const known = [new Map<number, SubmittedBatch>(), new Map<number, SubmittedBatch>()] as const
  yield* nameProcess(CONDUCTOR, 'conductor')
  for (const [tid, name] of ['submissions', 'verdicts', 'cancellations'].entries()) {
    yield* nameThread(CONDUCTOR, tid + 1, name)
  }
  yield* losses(CONDUCTOR, SUBMITS, conductor)
  yield* conductorEvents(conductor, startUs, known)
  for (const [pipeline, lanes] of [target, draft].entries())
    yield* laneEvents(lanes, pipeline, startUs, known[pipeline]!)
}

/** Records the rings have dropped. */
export const lostInTrace = ({ conductor, target, draft }: TraceRings): number =>
  [conductor, ...target.flat(), ...draft.flat()].reduce((sum, one) => sum + ring.lostRecords(one), 0)

function firstUs(buffer: SharedArrayBuffer): number {
  for (const { beginUs } of ring.traceRecords(buffer)) return beginUs
  return Number.POSITIVE_INFINITY
}

function* nameProcess(pid: number, name: string): Generator<ChromeEvent> {
  yield { ph: 'M', name: 'process_name', pid, args: { name } }
  yield { ph: 'M', name: 'process_sort_index', pid, args: { sort_index: pid } }
}

function* nameThread(pid: number, tid: number, name: string): Generator<ChromeEvent> {
  yield { ph: 'M', name: 'thread_name', pid, tid, args: { name } }
  yield { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } }
}

function* losses(pid: number, tid: number, buffer: SharedArrayBuffer): Generator<ChromeEvent> {
  const lost = ring.lostRecords(buffer)
  if (lost > 0) yield { ph: 'i', s: 't', name: `${lost} earlier records lost`, pid, tid, ts: 0 }
}

function* conductorEvents(
  buffer: SharedArrayBuffer,
  startUs: number,
  known: readonly Map<number, SubmittedBatch>[],
): Generator<ChromeEvent> {
  const inFlight = [0, 0]
  for (const { kind, beginUs, endUs, fields } of ring.traceRecords(buffer)) {
    const ts = beginUs - startUs
    const span = { ph: 'X', pid: CONDUCTOR, ts, dur: endUs - beginUs }
    if (kind === ring.SUBMIT || kind === ring.RETURN) {
      const pipeline = fields[ring.SUBMIT_PIPELINE]!
      inFlight[pipeline]! += kind === ring.SUBMIT ? 1 : -1
      const { pid } = PIPELINES[pipeline]!
      // Behind lost records a return may have no submission.
      if (inFlight[pipeline]! < 0) inFlight[pipeline] = 0
      yield { ph: 'C', name: 'micro-batches in flight', pid, ts: endUs - startUs, args: { count: inFlight[pipeline] } }
    }
    if (kind === ring.SUBMIT) yield submission(span, fields, known)
    else if (kind === ring.CANCEL) yield cancellation(span, beginUs, fields, known)
    else if (kind === ring.VERDICT) yield verdict(span, fields)
    else if (kind === ring.QUESTION) yield* question(ts, endUs - startUs, fields)
  }
}

function submission(span: ChromeEvent, fields: Int32Array, known: readonly Map<number, SubmittedBatch>[]): ChromeEvent {
  const number = fields[ring.SUBMIT_NUMBER]!
  const [first, last] = [fields[ring.SUBMIT_RUN_FIRST]!, fields[ring.SUBMIT_RUN_LAST]!]
  const run = first < 0 ? '-' : first === last ? `${first}` : `${first}-${last}`
  const purpose = ring.PURPOSES[fields[ring.SUBMIT_PURPOSE]!]!
  const rows = fields[ring.SUBMIT_ROWS]!
  known[fields[ring.SUBMIT_PIPELINE]!]!.set(number, { purpose, run, cancels: [] })
  return { ...span, tid: SUBMITS, name: `submit ${purpose}`, args: { microBatch: number, run, rows } }
}

function cancellation(
  span: ChromeEvent,
  beginUs: number,
  fields: Int32Array,
  known: readonly Map<number, SubmittedBatch>[],
): ChromeEvent {
  const [number, groups, left] = [fields[ring.CANCEL_NUMBER]!, fields[ring.CANCEL_GROUPS]!, fields[ring.CANCEL_LEFT]!]
  const of = known[fields[ring.CANCEL_PIPELINE]!]!.get(number)
  of?.cancels.push({ beginUs, groups })
  const args = { microBatch: number, run: of?.run, groups: hex(groups), left: hex(left) }
  return { ...span, tid: CANCELS, name: `cancel ${of?.purpose ?? 'rows'}`, args }
}

const hex = (mask: number): string => `0x${(mask >>> 0).toString(16)}`

function verdict(span: ChromeEvent, fields: Int32Array): ChromeEvent {
  const args = {
    request: fields[ring.VERDICT_REQUEST],
    choice: fields[ring.VERDICT_CHOICE],
    position: fields[ring.VERDICT_POSITION],
    token: fields[ring.VERDICT_TOKEN],
  }
  return { ...span, tid: VERDICTS, name: VERDICT_NAMES[fields[ring.VERDICT_OUTCOME]!], args }
}

/** Questions of several sequences overlap, so they are asynchronous spans. */
function* question(from: number, to: number, fields: Int32Array): Generator<ChromeEvent> {
  const guesses = fields[ring.QUESTION_GUESSES]!
  const args = {
    request: fields[ring.QUESTION_REQUEST],
    choice: fields[ring.QUESTION_CHOICE],
    position: fields[ring.QUESTION_POSITION],
    guesses: Math.max(0, guesses),
    token: guesses > 0 ? fields[ring.QUESTION_TOKEN] : undefined,
  }
  const name = guesses < 0 ? 'draft withdrawn' : 'draft'
  const event = { cat: 'draft', id: fields[ring.QUESTION_NUMBER], name, pid: CONDUCTOR, tid: SUBMITS }
  yield { ...event, ph: 'b', ts: from, args }
  yield { ...event, ph: 'e', ts: to }
}

function* laneEvents(
  lanes: LaneRings,
  pipeline: number,
  startUs: number,
  known: ReadonlyMap<number, SubmittedBatch>,
): Generator<ChromeEvent> {
  const { pid, name } = PIPELINES[pipeline]!
  if (lanes.length > 0) yield* nameProcess(pid, name)
  for (const [stage, rings] of lanes.entries()) {
    for (const [lane, buffer] of rings.entries()) {
      const tid = stage * STAGE_TIDS + lane + 1
      yield* nameThread(pid, tid, `stage ${stage} lane ${lane}`)
      yield* losses(pid, tid, buffer)
      for (const record of ring.traceRecords(buffer)) {
        const of = known.get(record.fields[ring.COMPUTE_NUMBER]!)
        yield span(record, pid, tid, startUs, of)
        if (lane === 0 && of) yield* arrows(record, pid, tid, startUs, of)
      }
    }
  }
}

function span(
  { beginUs, endUs, fields }: ring.TraceRecord,
  pid: number,
  tid: number,
  startUs: number,
  of: SubmittedBatch | undefined,
): ChromeEvent {
  const outcome = fields[ring.COMPUTE_OUTCOME]!
  const purpose = of?.purpose ?? 'micro-batch'
  const args = {
    microBatch: fields[ring.COMPUTE_NUMBER],
    run: of?.run,
    kind: of?.purpose,
    rows: fields[ring.COMPUTE_ROWS],
    rowsLeft: fields[ring.COMPUTE_LEFT],
    cancelled: outcome !== ring.COMPLETE,
    outcome: COMPUTE_OUTCOMES[outcome],
    waitedUs: fields[ring.COMPUTE_WAITED],
  }
  const name = outcome === ring.COMPLETE ? purpose : `${purpose} cancelled`
  // What is passed on at once would not be seen.
  return { ph: 'X', pid, tid, name, ts: beginUs - startUs, dur: Math.max(1, endUs - beginUs), args }
}

/** From every cancellation in this micro-batch that has not shown before to this span. */
function* arrows(
  { beginUs, endUs, fields }: ring.TraceRecord,
  pid: number,
  tid: number,
  startUs: number,
  { cancels }: SubmittedBatch,
): Generator<ChromeEvent> {
  const alive = fields[ring.COMPUTE_ALIVE]!
  while (cancels[0] && cancels[0].beginUs <= endUs && (alive & cancels[0].groups) === 0) {
    const cancel = cancels.shift()!
    const id = `${pid}.${fields[ring.COMPUTE_NUMBER]}.${cancel.groups}`
    const flow = { cat: 'cancel', name: 'cancel', id }
    yield { ...flow, ph: 's', pid: CONDUCTOR, tid: CANCELS, ts: cancel.beginUs - startUs }
    yield { ...flow, ph: 'f', bp: 'e', pid, tid, ts: Math.max(cancel.beginUs, (beginUs + endUs) / 2) - startUs }
  }
}
