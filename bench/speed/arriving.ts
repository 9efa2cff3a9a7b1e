// A prompt that arrives among texts: what becomes of the time between their tokens, and of the prompt's speed.
import { randomIds } from '../../cli/measure/random-ids.ts'
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { loadModel, type Model } from '../../index.ts'
import { LiveText, timeGeneration, warmUp } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { percentile } from '../statistics.ts'

const MODEL = '1b-Q4_0'
const TEXT_PROMPT = 16
/** Tokens of each text before the prompt arrives. */
const BEFORE_TOKENS = 24
/** Of these the last ones tell how long a token takes. */
const TIMED_TOKENS = 16
/** Tokens that a text may have while the prompt is read. */
const MEANWHILE_TOKENS = 1024

export const bench = defineBench({
  models: 'one',
  options: {
    prompt: count(['-p', '--prompt'], 'tokens of the prompt', { usual: 512, least: 2 }),
    texts: count(['--texts'], 'texts that are being written', { usual: 7, most: 32 }),
    rounds: count(['-r', '--rounds'], 'how often', { usual: 2 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { prompt, texts, rounds } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = Math.max(prompt + 1, TEXT_PROMPT + BEFORE_TOKENS + MEANWHILE_TOKENS)
    await using model = await loadModel(path, { ...loadOptions(values), context, sequences: texts + 1, signal })
    const vocabulary = model.info.vocabularySize
    await warmUp((length, tokens) => timeGeneration(model, randomIds(length, vocabulary), tokens, signal))
    const found: Arrival[] = []
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted()
      note(`round ${round + 1} of ${rounds}\n`)
      found.push(await arrive(model, prompt, texts))
    }
    const aloneTokS = median(found.map(({ aloneMs }) => (prompt * 1000) / aloneMs))
    const besideTokS = median(found.map(({ besideMs }) => (prompt * 1000) / besideMs))
    const beforeMsP50 = median(found.flatMap(({ beforeMs }) => beforeMs))
    const meanwhileMsP95 = percentile(
      found.flatMap(({ meanwhileMs }) => meanwhileMs),
      0.95,
    )
    const row = { prompt, texts, beforeMsP50, meanwhileMsP95, ofBefore: meanwhileMsP95 / beforeMsP50 }
    return {
      about: `A prompt of ${prompt} tokens that arrives among ${texts} texts: ${name}, ${model.info.plan.text}`,
      options: { model: name, prompt, texts, rounds, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ prompt: 'prompt', texts: 'texts', beforeMsP50: 'gap before, p50 ms', meanwhileMsP95: 'meanwhile, p95 ms' },
        ...{ ofBefore: ['of before', 2], aloneTokS: 'prompt alone, tok/s', besideTokS: 'beside the texts' },
        ofAlone: ['of alone', 2],
      },
      rows: [{ ...row, aloneTokS, besideTokS, ofAlone: besideTokS / aloneTokS }],
      notes: ['Meanwhile: gaps that end after the arrival and begin before the first token of the prompt.'],
    }
  },
})

interface Arrival {
  /** From the prompt to its first token, with the model to itself and beside the texts. */
  readonly aloneMs: number
  readonly besideMs: number
  /** Gaps of the texts. */
  readonly beforeMs: readonly number[]
  readonly meanwhileMs: readonly number[]
}

let prompts = 0

async function arrive(model: Model, prompt: number, count: number): Promise<Arrival> {
  const ids = (length: number) => randomIds(length, model.info.vocabularySize, ++prompts)
  const read = async () => {
    const text = new LiveText(model, ids(prompt), { maxTokens: 1 })
    await text.result
    return text
  }
  const alone = await read()
  const texts = Array.from({ length: count }, () => new LiveText(model, ids(TEXT_PROMPT)))
  await Promise.all(texts.map((text) => text.has(BEFORE_TOKENS)))
  const arrived = await read()
  // A gap that the prompt has a part in ends a token later.
  const lengths = texts.map((text) => text.arrivalsMs.length)
  await Promise.all(texts.map((text, i) => text.has(lengths[i]! + 1)))
  for (const text of texts) text.leave()
  const [fromMs, toMs] = [arrived.startedMs, arrived.startedMs + arrived.firstMs]
  const gaps = texts.flatMap(({ arrivalsMs }) => {
    return arrivalsMs.slice(1).map((endMs, i) => ({ beginMs: arrivalsMs[i]!, endMs, ms: endMs - arrivalsMs[i]! }))
  })
  const before = gaps.filter(({ endMs }) => endMs <= fromMs)
  return {
    aloneMs: alone.firstMs,
    besideMs: arrived.firstMs,
    beforeMs: before.slice(-TIMED_TOKENS * count).map(({ ms }) => ms),
    meanwhileMs: gaps.filter(({ beginMs, endMs }) => endMs > fromMs && beginMs < toMs).map(({ ms }) => ms),
  }
}
