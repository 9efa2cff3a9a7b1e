// What a trace says about a request whose micro-batches have one row each and whose guesses are one chain. Pure.
import type { TraceRings } from '../../../engine/trace/trace-rings.ts'
import * as ring from '../../../engine/wire/trace-records.ts'

/** A token of the answer, from 1 on; 0 is the prompt. */
interface Work {
  readonly token: number
  readonly isGuess: boolean
  /** A guess that was wrong, or stood behind one. */
  readonly isInVain: boolean
}

/** Somebody works on a token. Milliseconds since the request was submitted. */
export interface Bar extends Work {
  readonly fromMs: number
  readonly toMs: number
  /** It ends because the token was withdrawn. */
  readonly isWithdrawn: boolean
}

/** A token comes out. */
export interface Emission {
  readonly token: number
  readonly atMs: number
  readonly verdict: 'unguessed' | 'accepted' | 'rejected'
}

export interface TracedRun {
  /** By stage. */
  readonly stages: readonly (readonly Bar[])[]
  /** What the drafter guessed when. */
  readonly drafter: readonly Bar[]
  readonly emissions: readonly Emission[]
}

const TARGET = 0

/** The last request of a trace. */
export function tracedRun({ conductor, target }: TraceRings): TracedRun {
  const all = [...ring.traceRecords(conductor)]
  const records = all.slice(all.findLastIndex((record) => purposeOf(record) === 'prefill'))
  const startUs = records[0]!.beginUs
  const time = (us: number) => (us - startUs) / 1000
  const times = ({ beginUs, endUs }: ring.TraceRecord) => ({ fromMs: time(beginUs), toMs: time(endUs) })
  const emissions = records.flatMap(({ kind, endUs, fields }): Emission[] => {
    if (kind !== ring.VERDICT) return []
    const verdict = ring.OUTCOMES[fields[ring.VERDICT_OUTCOME]!]!
    return [{ token: fields[ring.VERDICT_POSITION]!, atMs: time(endUs), verdict }]
  })
  const sent = sentTokens(records, emissions, time)
  const stageBar = (record: ring.TraceRecord): Bar[] => {
    const work = sent.get(record.fields[ring.COMPUTE_NUMBER]!)
    const outcome = record.fields[ring.COMPUTE_OUTCOME]!
    if (!work || outcome === ring.DEAD_BEFORE) return []
    return [{ ...work, ...times(record), isWithdrawn: outcome === ring.STOPPED }]
  }
  const drafterBar = (record: ring.TraceRecord): Bar[] => {
    if (record.kind !== ring.QUESTION) return []
    const work = guess(record.fields[ring.QUESTION_POSITION]!, time(record.beginUs), emissions)
    return [{ ...work, ...times(record), isWithdrawn: record.fields[ring.QUESTION_GUESSES]! < 0 }]
  }
  return {
    stages: target.map(([lane]) => [...ring.traceRecords(lane!)].flatMap(stageBar)),
    drafter: records.flatMap(drafterBar),
    emissions,
  }
}

/** The token of every micro-batch of the target, by its number: records do not tell it, but their order does. */
function sentTokens(
  records: readonly ring.TraceRecord[],
  emissions: readonly Emission[],
  time: (us: number) => number,
): Map<number, Work> {
  const sent = new Map<number, Work>()
  let newest = 0
  let next = 0
  for (const record of records) {
    if (record.kind === ring.VERDICT) newest = record.fields[ring.VERDICT_POSITION]!
    const purpose = purposeOf(record)
    if (purpose === undefined) continue
    const isGuess = purpose === 'verify'
    const token = isGuess ? next : newest
    next = token + 1
    const work = isGuess ? guess(token, time(record.beginUs), emissions) : { token, isGuess, isInVain: false }
    sent.set(record.fields[ring.SUBMIT_NUMBER]!, work)
  }
  return sent
}

/** What the target is asked to do, if the record is about that. */
const purposeOf = ({ kind, fields }: ring.TraceRecord): (typeof ring.PURPOSES)[number] | undefined =>
  kind === ring.SUBMIT && fields[ring.SUBMIT_PIPELINE] === TARGET
    ? ring.PURPOSES[fields[ring.SUBMIT_PURPOSE]!]
    : undefined

/** Guesses stand until a verdict rejects them or one before them. */
function guess(token: number, sinceMs: number, emissions: readonly Emission[]): Work {
  const end = emissions.find((one) => one.atMs > sinceMs && (one.token === token || one.verdict === 'rejected'))
  return { token, isGuess: true, isInVain: end?.verdict === 'rejected' }
}
