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
import { count, defineBench } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { longText } from '../text.ts'

const MODEL = '1b-Q4_0-Q6_K'
const TEXT_KB = 300
const PROMPT = 256
const TOKENS = 64
const TINY_GENERATIONS = 10
const IDLE_MS = 500
const RESOLUTION_MS = 1
const LIMIT_MS = 20

export const bench = defineBench({
  usage: '[MODEL] [--vocabulary FILE] [--text-kb 300] [-t N]',
  positionalsMax: 1,
  options: {
    vocabulary: {
      kind: 'text',
      names: ['--vocabulary'],
      value: 'FILE',
      help: 'GGUF file whose vocabulary encodes the text (the embedded model)',
    },
    textKb: count(['--text-kb'], 'kilobytes to encode (300)'),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { textKb = TEXT_KB, vocabulary = EMBEDDED_MODEL } = values
    const { name, path } = benchModel(invocation, MODEL)
    const text = longText(textKb * 1000)
    const rows: Delay[] = []
    const watch = async <T>(during: string, work: () => Promise<T>): Promise<T> => {
      note(`${during}\n`)
      const [delay, result] = await delayDuring(during, work)
      rows.push(delay)
      return result
    }

    await watch('nothing', () => sleep(IDLE_MS))
    const tokenizer: TextTokenizer = await watch('opening the vocabulary', () => openTokenizer(vocabulary))
    await watch(`encoding ${textKb} KB`, () => tokenizer.encode(text))
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
      columns: COLUMNS,
      rows,
      notes: [`Time between two turns of a ${RESOLUTION_MS} ms timer. Limit of the 99th percentile: ${LIMIT_MS} ms.`],
    }
  },
})

const COLUMNS = [
  { key: 'during', title: 'during' },
  { key: 'tookMs', title: 'ms', decimals: 0 },
  { key: 'delayMsP50', title: 'p50 ms' },
  { key: 'delayMsP99', title: 'p99 ms' },
  { key: 'delayMsMax', title: 'max ms' },
  { key: 'isWithinLimit', title: 'within limit' },
]

interface Delay {
  readonly during: string
  readonly tookMs: number
  readonly delayMsP50: number
  readonly delayMsP99: number
  readonly delayMsMax: number
  readonly isWithinLimit: boolean
}

async function delayDuring<T>(during: string, work: () => Promise<T>): Promise<[Delay, T]> {
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
  return [delay, result]
}

async function generateTiny(signal: AbortSignal): Promise<void> {
  await using model = await loadModel(EMBEDDED_MODEL, { context: EMBEDDED_CONTEXT, experimentalV8: true, signal })
  for (let i = 0; i < TINY_GENERATIONS; i++) await timeGeneration(model, [1], EMBEDDED_CONTEXT - 1, signal)
}
