// Embeddings of texts: the engine's means over positions, pooled as asked for and scaled to length 1.
import type { EmbedOptions, Engine, ModelConfig, Pooling, Standing } from '../engine/index.ts'
import { EMBED, linkAbort, SEQUENCES_MAX, TsinferError } from '../engine/index.ts'

/** Texts of one call that are under way at once: more than can run side by side, so that all places are taken. */
const TOGETHER_MAX = 2 * SEQUENCES_MAX
/** The part of the queue that the texts of one call take up. */
const QUEUE_SHARE = 1 / 4

interface EmbedSetting extends Pick<EmbedOptions, 'pooling' | 'normalize' | 'signal'> {
  readonly standing: Standing
  /** Requests that may wait. */
  readonly queueMax: number
}

/** The embeddings of token lists, in their order. Rejects with the first failure, and then stops the others. */
export async function embedAll(
  engine: Engine,
  { width, pooling: usual }: Pick<ModelConfig, 'width' | 'pooling'>,
  texts: readonly Int32Array[],
  { pooling = poolingOf(usual), normalize = EMBED.normalize.default, signal, standing, queueMax }: EmbedSetting,
): Promise<Float32Array[]> {
  const either = linkAbort(signal)
  try {
    const ask = (ids: Int32Array) =>
      embedOne(engine, { ...requestFor(ids, pooling), width, ...standing }, either.signal)
    const embeddings = await inTurn(texts, Math.min(TOGETHER_MAX, Math.ceil(queueMax * QUEUE_SHARE)), ask)
    return normalize ? embeddings.map(unitVector) : embeddings
  } catch (error) {
    either.abort()
    throw error
  } finally {
    either.unlink()
  }
}

/** What is made of each item, in their order; at most `most` are worked on at once. */
async function inTurn<Item, Made>(items: readonly Item[], most: number, make: (item: Item) => Promise<Made>) {
  const made: Made[] = []
  const left = items.entries()
  const work = async () => {
    for (const [index, item] of left) made[index] = await make(item)
  }
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, work))
  return made
}

/** The file's pooling, or the mean where it names none. */
function poolingOf(usual: ModelConfig['pooling']): Pooling {
  if (typeof usual !== 'object') return usual ?? 'mean'
  const expected = `expected a pooling of ${EMBED.pooling.kind.words.join(', ')}`
  throw new TsinferError('architecture_unsupported', `${expected}, found a file whose pooling_type is ${usual.found}`)
}

/** Which positions an embedding is made of. */
function requestFor(ids: Int32Array, pooling: Pooling) {
  // The first token sees itself alone, so nothing else need be evaluated for its sake.
  const prompt = pooling === 'cls' ? ids.slice(0, 1) : ids
  return { kind: 'embed', prompt, from: pooling === 'last' ? Math.max(0, prompt.length - 1) : 0 } as const
}

async function embedOne(engine: Engine, request: Parameters<Engine['request']>[0], signal: AbortSignal) {
  for await (const event of engine.request(request, signal)) {
    if (event.kind === 'embedding') return event.values
  }
  throw new Error('tsinfer bug: an embedding ended without a vector')
}

/** Of length 1 in the same direction; zeros stay zeros. */
function unitVector(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  return length === 0 ? vector : vector.map((value) => value / length)
}
