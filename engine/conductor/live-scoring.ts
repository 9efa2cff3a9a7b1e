// A given text while it runs in the conductor: what its rows say is reported as it is, or summed up to an embedding.
import type { Position } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import type { EmbedRequest, EngineEvent, ScoreRequest } from '../messages.ts'
import type { ResultRow } from '../pipeline/pipeline.ts'
import type { ScoreWork } from '../scheduler/events.ts'

const NO_SUM = 'logits: expected a finite sum of their exponentials, found none'

export class LiveScoring {
  readonly work: ScoreWork
  readonly #request: ScoreRequest | EmbedRequest
  /** Of the embeddings so far. */
  readonly #sum: Float64Array

  constructor(request: ScoreRequest | EmbedRequest) {
    const { kind } = request
    this.#request = request
    this.#sum = new Float64Array(kind === 'embed' ? request.width : 0)
    this.work = { ...request, kind: 'score', head: kind === 'embed' ? 'embedding' : 'scored' }
  }

  /** What a row says of `position`; of an embedding, all at the last position. Copied out of the stage's memory. */
  report(row: ResultRow, position: Position): EngineEvent | undefined {
    const request = this.#request
    return request.kind === 'score' ? scored(request, row, position) : this.#embed(request, row, position)
  }

  #embed({ prompt, from, width }: EmbedRequest, row: ResultRow, position: Position): EngineEvent | undefined {
    const embedding = row.full(width)
    for (let i = 0; i < width; i++) this.#sum[i]! += embedding[i]!
    if (position < prompt.length - 1) return undefined
    return { kind: 'embedding', values: Float32Array.from(this.#sum, (sum) => sum / (prompt.length - from)) }
  }
}

function scored({ prompt, top }: ScoreRequest, row: ResultRow, position: Position): EngineEvent {
  if (!Number.isFinite(row.logsumexp)) throw new TsinferError('logits_infinite', NO_SUM)
  const next = prompt[position + 1]
  const [ids, logits] = [row.ids.slice(0, top), row.logits.slice(0, top)]
  const nextLogit = next === undefined ? Number.NaN : row.full()[next]!
  return { kind: 'score', row: { position, ids, logits, logsumexp: row.logsumexp, nextLogit } }
}
