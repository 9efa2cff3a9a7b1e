// What a lane adds to a trace: a record per micro-batch. It exists only while a trace is taken.
import { clockUs, elapsedUs } from '../wire/clock.ts'
import { microBatchNumber, rowCount, sentUs } from '../wire/codec.ts'
import * as ring from '../wire/trace-records.ts'

/** Rows, and the mask of their groups. */
interface Left {
  readonly count: number
  readonly alive: number
}

const NOTHING: Left = { count: 0, alive: 0 }

export class LaneTrace {
  readonly #recorder: ring.Recorder
  /** The stage's memory. */
  readonly #words: Int32Array
  // Of the micro-batch under way. Its slot may be given away before this lane is done with the record.
  #number = 0
  #rows = 0
  #waitedUs = 0
  #beginUs = 0
  #isSkipping = false

  constructor(buffer: SharedArrayBuffer, words: Int32Array) {
    this.#recorder = new ring.Recorder(buffer)
    this.#words = words
  }

  /** The lane begins with the micro-batch whose record begins at word `record`. */
  begin(record: number, nowUs: number): void {
    this.#number = microBatchNumber(this.#words, record)
    this.#rows = rowCount(this.#words, record)
    this.#waitedUs = elapsedUs(sentUs(this.#words, record), nowUs)
    this.#beginUs = nowUs
  }

  /** It is done, with what is left of its rows, or has stopped because nothing was. */
  end(computed: boolean, left: Left, nowUs: number): void {
    this.#put(computed ? ring.COMPLETE : ring.STOPPED, computed ? left : NOTHING, nowUs)
  }

  /** The rows of the micro-batch are dead: it goes on as a header. */
  skip(record: number): void {
    this.begin(record, clockUs())
    this.#isSkipping = true
  }

  /** The lane has handed on what it worked on. */
  handedOn(): void {
    if (this.#isSkipping) this.#put(ring.DEAD_BEFORE, NOTHING, clockUs())
    this.#isSkipping = false
  }

  #put(outcome: number, left: Left, nowUs: number): void {
    // What is measured before the first request is nobody's work.
    if (this.#number < 0) return
    const { fields } = this.#recorder
    const at = this.#recorder.next(ring.COMPUTE, this.#beginUs, nowUs)
    fields[at + ring.COMPUTE_NUMBER] = this.#number
    fields[at + ring.COMPUTE_ROWS] = this.#rows
    fields[at + ring.COMPUTE_LEFT] = left.count
    fields[at + ring.COMPUTE_ALIVE] = left.alive
    fields[at + ring.COMPUTE_OUTCOME] = outcome
    fields[at + ring.COMPUTE_WAITED] = this.#waitedUs
  }
}
