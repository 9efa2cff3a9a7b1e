// Prompts that begin alike, as a system prompt makes them: how soon the first tokens come, and what is evaluated twice.
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { loadModel, type Model } from '../../index.ts'
import { freshPrompt, LiveText, timeGeneration, WARM_UP_POSITIONS, warmUp } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'

const MODEL = '1b-Q4_0'
/** Tokens of a text beside which another one begins. */
const TEXT_TOKENS = 64

export const bench = defineBench({
  models: 'one',
  options: {
    common: count(['--common'], 'tokens that all prompts begin with', { usual: 1000 }),
    own: count(['--own'], 'tokens of each prompt behind them', { usual: 32 }),
    requests: count(['--requests'], 'prompts at once', { usual: 32, most: 64 }),
    rounds: count(['-r', '--rounds'], 'how often', { usual: 1 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { common, own, requests, rounds } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = Math.max(WARM_UP_POSITIONS, common + Math.max(own, 1) * requests + TEXT_TOKENS)
    // Room for all texts: what is kept in cells is counted.
    const kvCells = values.kvCells ?? 2 * context * (rounds + 1)
    await using model = await loadModel(path, { ...loadOptions(values), context, kvCells, signal })
    await warmUp((length, tokens) => timeGeneration(model, freshPrompt(model, length), tokens, signal))
    const found: Awaited<ReturnType<typeof round>>[] = []
    for (let i = 0; i < rounds; i++) {
      signal.throwIfAborted()
      note(`round ${i + 1} of ${rounds}\n`)
      found.push(await round(model, { common, own, requests }))
    }
    const medians = Object.keys(found[0]!).map((key) => [key, median(found.map((one) => one[key as keyof typeof one]))])
    return {
      about: `Prompts of ${common} tokens in common and ${own} of their own: ${name}, ${model.info.plan.text}`,
      options: { model: name, common, own, requests, rounds, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ firstMs: 'first request, first token ms', secondMs: 'second request', secondOfFirst: ['of first', 3] },
        ...{
          lastMs: `last of ${requests} at once, ms`,
          leastMs: 'the same tokens as one prompt',
          lastOfLeast: ['of it', 2],
        },
        ...{ evaluated: 'tokens evaluated', cells: 'cells held', least: 'different tokens' },
      },
      rows: [Object.fromEntries(medians)],
      notes: ['The second request comes after the first token of the first one, which goes on.'],
    }
  },
})

interface Lengths {
  readonly common: number
  readonly own: number
  readonly requests: number
}

async function round(model: Model, { common, own, requests }: Lengths) {
  const beginning = freshPrompt(model, common)
  const first = new LiveText(model, [...beginning, ...freshPrompt(model, own)], { maxTokens: TEXT_TOKENS })
  await first.has(1)
  const second = new LiveText(model, [...beginning, ...freshPrompt(model, own)], { maxTokens: 1 })
  await Promise.all([first.result, second.result])

  const other = freshPrompt(model, common)
  const keptBefore = model.stats().kept.tokens
  const texts = Array.from(
    { length: requests },
    () => new LiveText(model, [...other, ...freshPrompt(model, own)], { maxTokens: 1 }),
  )
  const results = await Promise.all(texts.map((text) => text.result))
  const evaluated = results.reduce((sum, { stats }) => sum + stats.promptTokens - stats.reusedTokens, 0)
  const cells = model.stats().kept.tokens - keptBefore
  const lastMs = Math.max(...texts.map((text) => text.firstMs))

  const least = common + own * requests
  const whole = new LiveText(model, freshPrompt(model, least), { maxTokens: 1 })
  await whole.result
  return {
    ...{ firstMs: first.firstMs, secondMs: second.firstMs, secondOfFirst: second.firstMs / first.firstMs },
    ...{ lastMs, leastMs: whole.firstMs, lastOfLeast: lastMs / whole.firstMs },
    ...{ evaluated, cells, least },
  }
}
