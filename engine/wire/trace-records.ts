// Trace records: every thread that takes part in a trace writes records of fixed size into a ring of its own, which drops
// the oldest. No locks: one thread writes, and the caller reads when the threads have ended. The meaning of the fields is
// here; trace-events.ts makes what people look at.

/** What a record is about. */
export const COMPUTE = 1
export const SUBMIT = 2
export const RETURN = 3
export const CANCEL = 4
export const VERDICT = 5
export const QUESTION = 6

// Fields, by kind. Numbers of micro-batches are cut to 32 bits; pipeline 0 is the target's, 1 the draft model's.

/** A lane computes, or leaves out, a micro-batch. */
export const COMPUTE_NUMBER = 0
export const COMPUTE_ROWS = 1
/** Rows alive at the end. */
export const COMPUTE_LEFT = 2
/** `COMPLETE`, `STOPPED` or `DEAD_BEFORE`. */
export const COMPUTE_OUTCOME = 3
/** Microseconds in the stage's ring. */
export const COMPUTE_WAITED = 4
/** Groups that are left: a mask. */
export const COMPUTE_ALIVE = 5

export const COMPLETE = 0
/** Its last rows died while it was computed. */
export const STOPPED = 1
/** Its rows had died before. */
export const DEAD_BEFORE = 2

/** A micro-batch goes into the first ring. */
export const SUBMIT_NUMBER = 0
export const SUBMIT_PIPELINE = 1
/** Index into `PURPOSES`. */
export const SUBMIT_PURPOSE = 2
export const SUBMIT_ROWS = 3
/** Its runs of that purpose: the first and the last. */
export const SUBMIT_RUN_FIRST = 4
export const SUBMIT_RUN_LAST = 5

export const PURPOSES = ['prefill', 'decode', 'verify', 'draft'] as const

/** The conductor takes a micro-batch that has left the pipeline. */
export const RETURN_NUMBER = 0
export const RETURN_PIPELINE = 1

/** Groups of a micro-batch are withdrawn. */
export const CANCEL_NUMBER = 0
export const CANCEL_PIPELINE = 1
/** A mask. */
export const CANCEL_GROUPS = 2
/** Groups that are left: a mask. */
export const CANCEL_LEFT = 3

/** The target's token for a position. */
export const VERDICT_REQUEST = 0
export const VERDICT_CHOICE = 1
export const VERDICT_POSITION = 2
export const VERDICT_TOKEN = 3
/** Index into `OUTCOMES`. */
export const VERDICT_OUTCOME = 4

export const OUTCOMES = ['unguessed', 'accepted', 'rejected'] as const

/** A question to the drafter, until its answer. */
export const QUESTION_NUMBER = 0
export const QUESTION_REQUEST = 1
export const QUESTION_CHOICE = 2
/** Position whose token is guessed. */
export const QUESTION_POSITION = 3
/** Guesses; -1: withdrawn. */
export const QUESTION_GUESSES = 4
/** The first of them. */
export const QUESTION_TOKEN = 5

const HEADER_BYTES = 64
const RECORD_BYTES = 48
/** Begin and end, f64, then the kind and the fields, i32. */
const KIND_WORD = 4
const FIELDS_WORD = 5

/** A ring that keeps the newest `records` records. */
export const createTraceRing = (records: number): SharedArrayBuffer =>
  new SharedArrayBuffer(HEADER_BYTES + records * RECORD_BYTES)

const capacityOf = (ring: SharedArrayBuffer): number => (ring.byteLength - HEADER_BYTES) / RECORD_BYTES

export class Recorder {
  /** Where the fields of a record go. */
  readonly fields: Int32Array
  readonly #times: Float64Array
  readonly #capacity: number
  #count = 0

  constructor(ring: SharedArrayBuffer) {
    this.fields = new Int32Array(ring)
    this.#times = new Float64Array(ring)
    this.#capacity = capacityOf(ring)
    // The system gives memory when it is first touched, and takes its time: not in the middle of what is being traced.
    this.fields.fill(0)
  }

  /** Begins a record; times as in clock.ts. Returns the index in `fields` of its first field. */
  next(kind: number, beginUs: number, endUs: number): number {
    const at = HEADER_BYTES + (this.#count % this.#capacity) * RECORD_BYTES
    this.#times[at >>> 3] = beginUs
    this.#times[(at >>> 3) + 1] = endUs
    this.fields[(at >>> 2) + KIND_WORD] = kind
    this.#times[0] = ++this.#count
    return (at >>> 2) + FIELDS_WORD
  }
}

export interface TraceRecord {
  readonly kind: number
  readonly beginUs: number
  readonly endUs: number
  readonly fields: Int32Array
}

/** Records that a ring has dropped. */
export const lostRecords = (ring: SharedArrayBuffer): number =>
  Math.max(0, new Float64Array(ring, 0, 1)[0]! - capacityOf(ring))

/** The records of a ring that nobody writes to any more, oldest first. */
export function* traceRecords(ring: SharedArrayBuffer): Generator<TraceRecord> {
  const [words, times] = [new Int32Array(ring), new Float64Array(ring)]
  const capacity = capacityOf(ring)
  for (let index = lostRecords(ring); index < times[0]!; index++) {
    const at = HEADER_BYTES + (index % capacity) * RECORD_BYTES
    const fields = (at >>> 2) + FIELDS_WORD
    yield {
      kind: words[(at >>> 2) + KIND_WORD]!,
      beginUs: times[at >>> 3]!,
      endUs: times[(at >>> 3) + 1]!,
      fields: words.subarray(fields, (at + RECORD_BYTES) >>> 2),
    }
  }
}
