// A prompt that arrives among texts: what becomes of the time between their tokens, and of the prompt's speed.
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { loadModel, type Model } from '../../index.ts'
import { freshPrompt, LiveText, timeGeneration, warmUp } from '../generation.ts'
import { count, counts, defineBench, inTurns } from '../harness.ts'
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
    gapPercents: counts(['--gap-percents'], "gap factors in percent: what prompts may lengthen others' steps to", {
      usual: [150, 200, 300],
      least: 101,
      most: 1000,
    }),
    rounds: count(['-r', '--rounds'], 'turns of each', { usual: 2 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { prompt, texts, gapPercents, rounds } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = Math.max(prompt + 1, TEXT_PROMPT + BEFORE_TOKENS + MEANWHILE_TOKENS)
    const options = { ...loadOptions(values), context, sequences: texts + 1, signal }
    const cases: Case[] = []
    try {
      for (const percent of gapPercents) {
        const gapFactor = percent / 100
        const model = await loadModel(path, { ...options, gapFactor })
        cases.push({ gapFactor, model, found: [] })
        await warmUp((length, tokens) => timeGeneration(model, freshPrompt(model, length), tokens, signal))
      }
      await inTurns(cases, { what: name, rounds, pauseMs: PAUSE_MS, signal }, async ({ model, found }) => {
        found.push(await arrive(model, prompt, texts))
      })
    } finally {
      for (const { model } of cases) await model.close()
    }
    return {
      about: `A prompt of ${prompt} tokens that arrives among ${texts} texts: ${name}, ${cases[0]!.model.info.plan.text}`,
      options: { model: name, prompt, texts, gapPercents, rounds, kernels: cases[0]!.model.info.kernels },
      columns: {
        ...{ gapFactor: 'gap factor', beforeMsP50: 'gap before, p50 ms', meanwhileMsP95: 'meanwhile, p95 ms' },
        ...{ ofBefore: ['of before', 2], aloneTokS: 'prompt alone, tok/s', besideTokS: 'beside the texts' },
        ...{ ofAlone: ['of alone', 2], possible: ['possible', 2], ofPossible: ['of it', 2] },
      },
      rows: cases.map(row),
      notes: [
        'Meanwhile: gaps that end after the arrival and begin before the first token of the prompt. Possible: the share of its',
        'speed that a prompt can have where it lengthens steps by the gap factor g, 1 - 1 / g.',
      ],
    }
  },
})

/** After a turn, so that threads which spin for a while have parked before another model's turn. */
const PAUSE_MS = 200

interface Case {
  readonly gapFactor: number
  readonly model: Model
  readonly found: Arrival[]
}

function row({ gapFactor, found }: Case) {
  const medianOf = (times: (arrival: Arrival) => readonly number[]) => median(found.flatMap(times))
  const beforeMsP50 = medianOf(({ beforeMs }) => beforeMs)
  const gapsMs = found.flatMap(({ meanwhileMs }) => meanwhileMs)
  const meanwhileMsP95 = percentile(gapsMs, 0.95)
  const aloneTokS = medianOf(({ promptTokens, aloneMs }) => [(promptTokens * 1000) / aloneMs])
  const besideTokS = medianOf(({ promptTokens, besideMs }) => [(promptTokens * 1000) / besideMs])
  const [ofAlone, possible] = [besideTokS / aloneTokS, 1 - 1 / gapFactor]
  const gaps = { beforeMsP50, meanwhileMsP95, ofBefore: meanwhileMsP95 / beforeMsP50 }
  return { gapFactor, ...gaps, aloneTokS, besideTokS, ofAlone, possible, ofPossible: ofAlone / possible }
}

interface Arrival {
  readonly promptTokens: number
  /** From the prompt to its first token, with the model to itself and beside the texts. */
  readonly aloneMs: number
  readonly besideMs: number
  /** Gaps of the texts. */
  readonly beforeMs: readonly number[]
  readonly meanwhileMs: readonly number[]
}

async function arrive(model: Model, prompt: number, count: number): Promise<Arrival> {
  const read = async () => {
    const text = new LiveText(model, freshPrompt(model, prompt), { maxTokens: 1 })
    await text.result
    return text
  }
  const alone = await read()
  const texts = Array.from({ length: count }, () => new LiveText(model, freshPrompt(model, TEXT_PROMPT)))
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
    promptTokens: prompt,
    aloneMs: alone.firstMs,
    besideMs: arrived.firstMs,
    beforeMs: before.slice(-TIMED_TOKENS * count).map(({ ms }) => ms),
    meanwhileMs: gaps.filter(({ beginMs, endMs }) => endMs > fromMs && beginMs < toMs).map(({ ms }) => ms),
  }
}
