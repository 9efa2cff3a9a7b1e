// How late the caller's event loop runs while the library works: loading, encoding a long text, reading a prompt,
// generating with a big model (rare messages) and with a tiny one (many). A timer of one millisecond is watched.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { EMBEDDED_CONTEXT, EMBEDDED_MODEL } from '../../cli/shell/load.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { loadModel, type Model, openTokenizer, type TextTokenizer } from '../../index.ts'
import { timeGeneration } from '../generation.ts'
import { count, defineBench, text } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { longText } from '../text.ts'

const MODEL = '1b-Q4_0-Q6_K'
const PROMPT = 256
const TOKENS = 64
const TINY_GENERATIONS = 10
const IDLE_MS = 500
const RESOLUTION_MS = 1
const LIMIT_MS = 20

export const bench = defineBench({
  models: 'one',
  options: {
    vocabulary: text(['--vocabulary'], 'FILE', 'GGUF file whose vocabulary encodes the text (the embedded model)'),
    textKb: count(['--text-kb'], 'kilobytes to encode', { usual: 300 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { textKb, vocabulary = EMBEDDED_MODEL } = values
    const { name, path } = benchModel(invocation, MODEL)
    const prose = longText(textKb * 1000)
    const rows: object[] = []
    const watch = async <T>(during: string, work: () => Promise<T>): Promise<T> => {
      note(`${during}\n`)
      const [delay, result] = await delayDuring(during, work)
      rows.push(delay)
      return result
    }

    await watch('nothing', () => sleep(IDLE_MS))
    const tokenizer: TextTokenizer = await watch('opening the vocabulary', () => openTokenizer(vocabulary))
    await watch(`encoding ${textKb} KB`, () => tokenizer.encode(prose))
    await tokenizer.close()
    const context = values.context ?? PROMPT + TOKENS
    const model: Model = await watch('loading', () => loadModel(path, { ...loadOptions(values), context, signal }))
    const ids = randomIds(PROMPT, model.info.vocabularySize)
    await watch('reading a prompt', () => timeGeneration(model, ids, 1, signal))
    await watch('generating', () => timeGeneration(model, ids.slice(0, 1), TOKENS, signal))
    await watch('closing', () => model.close())
    await watch('generating with stories260K', () => generateTiny(signal))

    return {
      about: `Delay of the caller's event loop: ${name}, ${model.info.plan.text}`,
      options: { model: name, vocabulary, textKb, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ during: 'during', tookMs: ['ms', 0], delayMsP50: 'p50 ms', delayMsP99: 'p99 ms', delayMsMax: 'max ms' },
        isWithinLimit: 'within limit',
      },
      rows,
      notes: [`Time between two turns of a ${RESOLUTION_MS} ms timer. Limit of the 99th percentile: ${LIMIT_MS} ms.`],
    }
  },
})

async function delayDuring<T>(during: string, work: () => Promise<T>) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const startedMs = performance.now()
  histogram.enable()
  const result = await work()
  const tookMs = performance.now() - startedMs
  // A delay that is still going on counts once the timer has had its turn.
  await sleep(2 * RESOLUTION_MS)
  histogram.disable()
  const delayMsP99 = histogram.percentile(99) / 1e6
  const delay = {
    ...{ during, tookMs, delayMsP99 },
    delayMsP50: histogram.percentile(50) / 1e6,
    delayMsMax: histogram.max / 1e6,
    isWithinLimit: delayMsP99 < LIMIT_MS,
  }
  return [delay, result] as const
}

async function generateTiny(signal: AbortSignal): Promise<void> {
  await using model = await loadModel(EMBEDDED_MODEL, { context: EMBEDDED_CONTEXT, experimentalV8: true, signal })
  for (let i = 0; i < TINY_GENERATIONS; i++) await timeGeneration(model, [1], EMBEDDED_CONTEXT - 1, signal)
}
