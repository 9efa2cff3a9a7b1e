// Whether it costs that the cells of texts which grow side by side lie among each other: texts of the same length, grown in
// turns by a run of cells each, beside texts that were read one after the other.
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { RUN_CELLS } from '../../engine/kv/cells.ts'
import { loadModel, type Model, type Session } from '../../index.ts'
import { freshPrompt, LiveText, timeGeneration, WARM_UP_POSITIONS, warmUp } from '../generation.ts'
import { count, defineBench, inTurns } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { sideBySide } from '../statistics.ts'

const MODEL = '160m-Q4_0'
/** Tokens that a text grows by while the others wait: what it is given at a time. */
const STEP = { 'side by side': RUN_CELLS, 'one after the other': Number.POSITIVE_INFINITY } as const
type Way = keyof typeof STEP
const WAYS = Object.keys(STEP) as Way[]

export const bench = defineBench({
  models: 'one',
  options: {
    length: count(['--length'], 'tokens of each text before it is timed', { usual: 2000, least: RUN_CELLS }),
    texts: count(['--texts'], 'texts at once', { usual: 8, most: 32 }),
    tokens: count(['-n', '--tokens'], 'tokens that are timed', { usual: 48, least: 2 }),
    rounds: count(['-r', '--rounds'], 'turns of each way', { usual: 2 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { length, texts, tokens, rounds } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = Math.max(WARM_UP_POSITIONS, length + tokens + 1)
    await using model = await loadModel(path, { ...loadOptions(values), context, sequences: texts, signal })
    await warmUp((prompt, count) => timeGeneration(model, freshPrompt(model, prompt), count, signal))
    const speeds: Record<Way, number[]> = { 'side by side': [], 'one after the other': [] }
    await inTurns(WAYS, { what: name, rounds, signal }, async (way) => {
      speeds[way].push(await decodeSpeed(model, { length, texts, tokens, step: STEP[way] }))
    })
    const [grown, read] = [median(speeds['side by side']), median(speeds['one after the other'])]
    return {
      about: `${texts} texts behind ${length} tokens each: ${name}, ${model.info.plan.text}`,
      options: { model: name, length, texts, tokens, rounds, plan: model.info.plan, kernels: model.info.kernels },
      columns: { grown: 'grown side by side, tok/s', read: 'one after the other, tok/s', ratio: ['ratio', 3] },
      rows: [{ grown, read, ratio: grown / read, speeds }],
    }
  },
})

interface Growth {
  readonly length: number
  readonly texts: number
  readonly tokens: number
  readonly step: number
}

/** Of all texts together, behind texts that have grown in that way. */
async function decodeSpeed(model: Model, { length, texts, tokens, step }: Growth): Promise<number> {
  const grown = Array.from({ length: texts }, () => {
    return { session: model.session(), ids: freshPrompt(model, length) }
  })
  try {
    const steps = Math.ceil(length / Math.min(step, length))
    for (let end = 1; end <= steps; end++) {
      for (const { session, ids } of grown) await evaluate(model, session, ids.slice(0, Math.min(length, end * step)))
    }
    const live = grown.map(({ session, ids }) => new LiveText(model, ids, { session, maxTokens: tokens }))
    await Promise.all(live.map((text) => text.result))
    return sideBySide(live.map(({ arrivalsMs }) => arrivalsMs)).tokS
  } finally {
    for (const { session } of grown) session.close()
  }
}

const evaluate = (model: Model, session: Session, ids: readonly number[]) =>
  model.generate(ids, { session, ignoreEos: true, maxTokens: 1 }).result
