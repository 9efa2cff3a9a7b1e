// How soon a model is usable again after an abort: from the signal to the first token of a request made at the same
// moment, while decoding and in the middle of a long prefill.
import { setTimeout as sleep } from 'node:timers/promises'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { TsinferError } from '../../engine/index.ts'
import { type Generation, loadModel, type Model, type Piece } from '../../index.ts'
import { timeGeneration, warmUp } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { tokenGaps } from '../statistics.ts'

const MODEL = '1b-Q4_0-Q6_K'
const LIMIT_MS = 100
const SHORT_PROMPT = 16
const DECODED_TOKENS = 4
/** Prompt that tells how fast prefill is. */
const PROBE_TOKENS = 128
/** Aborts in prefill are spread over the first part of it, so that later ones do not take minutes. */
const PREFILL_SHARE = 0.5

export const bench = defineBench({
  models: 'one',
  options: {
    prompt: count(['--prompt'], 'tokens of the prefill that is aborted', { usual: 2000, least: PROBE_TOKENS }),
    tries: count(['--tries'], 'aborts of each kind', { usual: 10 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { prompt, tries } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = values.context ?? prompt + 64
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    const ids = (count: number) => randomIds(count, model.info.vocabularySize)
    await warmUp((count, tokens) => timeGeneration(model, ids(count), tokens, signal))
    const { arrivalsMs } = await timeGeneration(model, ids(PROBE_TOKENS), DECODED_TOKENS, signal)
    const tokenMs = median(tokenGaps(arrivalsMs))
    const prefillMs = (arrivalsMs[0]! * prompt) / PROBE_TOKENS

    const decoding: Latency[] = []
    const prefilling: Latency[] = []
    for (let i = 0; i < tries; i++) {
      note(`abort ${i + 1} of ${tries}\n`)
      const share = (i + 0.5) / tries
      decoding.push(
        await abortOne(model, ids(SHORT_PROMPT), signal, (pieces) => whileDecoding(pieces, share * tokenMs)),
      )
      prefilling.push(await abortOne(model, ids(prompt), signal, () => sleep(share * PREFILL_SHARE * prefillMs)))
    }
    return {
      about: `From an abort to a usable model: ${name}, ${model.info.plan.text}`,
      options: { model: name, prompt, tries, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ during: 'aborted during', tries: 'tries', rejectedMsMax: 'rejected, max ms' },
        ...{ usableMsMedian: 'usable, median ms', usableMsMax: 'max ms', isWithinLimit: 'within limit' },
      },
      rows: [summary('decoding', decoding), summary(`prefill of ${prompt}`, prefilling)],
      notes: [
        `Usable: first token of a request made right after the signal; a token takes ${tokenMs.toFixed(1)} ms. ` +
          `Limit ${LIMIT_MS} ms.`,
      ],
    }
  },
})

interface Latency {
  /** From the signal to the rejection. */
  readonly rejectedMs: number
  /** From the signal to the next request's token. */
  readonly usableMs: number
}

function summary(during: string, latencies: readonly Latency[]) {
  const usable = latencies.map(({ usableMs }) => usableMs)
  const usableMsMax = Math.max(...usable)
  return {
    during,
    tries: latencies.length,
    rejectedMsMax: Math.max(...latencies.map(({ rejectedMs }) => rejectedMs)),
    usableMsMedian: median(usable),
    usableMsMax,
    isWithinLimit: usableMsMax < LIMIT_MS,
    usableMs: usable,
  }
}

async function abortOne(
  model: Model,
  prompt: readonly number[],
  signal: AbortSignal,
  untilThen: (pieces: AsyncIterator<Piece>) => Promise<void>,
): Promise<Latency> {
  const controller = new AbortController()
  const maxTokens = model.info.contextLength - prompt.length
  const generation = model.generate(prompt, {
    ...{ temperature: 0, ignoreEos: true, maxTokens },
    signal: AbortSignal.any([controller.signal, signal]),
  })
  const rejected = rejection(generation)
  await untilThen(generation[Symbol.asyncIterator]())
  const abortedMs = performance.now()
  controller.abort()
  const usable = model.generate(prompt.slice(0, 1), { temperature: 0, ignoreEos: true, maxTokens: 1, signal }).result
  const usableMs = usable.then(() => performance.now() - abortedMs)
  return { rejectedMs: (await rejected) - abortedMs, usableMs: await usableMs }
}

/** When the generation was rejected as aborted. */
async function rejection({ result }: Generation): Promise<number> {
  try {
    await result
  } catch (error) {
    if (error instanceof TsinferError && error.code === 'aborted') return performance.now()
    throw error
  }
  throw new Error('abort: expected a generation that is still running, found one that had ended: use a longer prompt')
}

/** Waits for some tokens, then for a moment inside the next one. */
async function whileDecoding(pieces: AsyncIterator<Piece>, momentMs: number): Promise<void> {
  for (let i = 0; i < DECODED_TOKENS; i++) await pieces.next()
  await sleep(momentMs)
}
