// What speculation is worth with real kernels and real text: every policy beside plain decoding, in turns, with a drafter
// that is good, with one that is sure and always wrong, and with n-grams on text that is new and text that repeats itself.
// A text must come out the same in every run. Rounds may be spread over several calls, which add to one file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineCommand } from '../cli/command.ts'
import { note } from '../cli/output.ts'
import { type GenerateResult, loadModel, type Model } from '../index.ts'
import { CACHE_OPTION, modelFile } from './model-files.ts'
import { OUTPUT_OPTION, printReport } from './print.ts'
import { GROUPS, type Group, groupOf, type Setup, type SpeculationCase } from './speculation-cases.ts'
import { type Sample, summaries } from './speculation-summary.ts'

const MODELS = { target: 'wide-1b-Q4_0', draft: 'wide-draft-160m-Q4_0', wrong: 'wide-wrong-160m-Q4_0' }
const TOKENS = 64
const ROUNDS = 10
const SEED = 1
/** After a run, so that threads which spin for a while have parked before the next one. */
const PAUSE_MS = 50
/** Of a run of each case before any is measured: kernels are compiled again while they run, and `auto` learns. */
const WARM_UP_TOKENS = 16
const WARM_UP_TOKENS_AUTO = 96

const modelOption = (name: keyof typeof MODELS) =>
  ({ kind: 'text', names: [`--${name}`], value: 'MODEL', help: `the ${name} model (${MODELS[name]})` }) as const

export const command = defineCommand({
  usage: '[--group draft] [--temp 0.8] [--rounds 10] [-n 64] [--into FILE] [-o md|json]',
  positionalsMax: 0,
  options: {
    group: {
      kind: 'choice',
      names: ['--group'],
      value: 'GROUP',
      choices: GROUPS,
      help: `${GROUPS.join(', ')} (draft)`,
    },
    temperature: { kind: 'number', names: ['--temp'], value: 'T', least: 0, most: 2, help: 'temperature (0)' },
    rounds: { kind: 'integer', names: ['--rounds'], value: 'N', least: 0, help: 'runs of each case, in turns (10)' },
    tokens: { kind: 'integer', names: ['-n', '--tokens'], value: 'N', least: 16, help: 'tokens of a run (64)' },
    into: { kind: 'text', names: ['--into'], value: 'FILE', help: 'add the runs to those in FILE, report on all' },
    target: modelOption('target'),
    draft: modelOption('draft'),
    wrong: modelOption('wrong'),
    output: OUTPUT_OPTION,
    cache: CACHE_OPTION,
  },
  async run({ values, signal }) {
    const { group: name = 'draft', temperature = 0, rounds = ROUNDS, tokens = TOKENS, into, cache } = values
    const path = (model: keyof typeof MODELS) => modelFile(values[model] ?? MODELS[model], cache)
    const group = groupOf(name, { target: path('target'), draft: path('draft'), wrong: path('wrong') })
    const settings = { temperature, seed: SEED, maxTokens: tokens, ignoreEos: true, signal }
    const series = `${name}, temperature ${temperature}, ${tokens} tokens, Node ${process.versions.node.split('.')[0]}`
    const earlier = into !== undefined && existsSync(into) ? (JSON.parse(readFileSync(into, 'utf8')) as Sample[]) : []
    const samples = earlier.filter((sample) => sample.series === series)
    const begun = samples.reduce((most, { round }) => Math.max(most, round + 1), 0)
    if (rounds > 0) samples.push(...(await measure(path('target'), group, settings, { series, begun, rounds })))
    if (into !== undefined) {
      const others = earlier.filter((sample) => sample.series !== series)
      writeFileSync(into, JSON.stringify([...others, ...samples]))
    }
    const lastWhy = samples.findLast(({ why }) => why !== null)?.why
    printReport(
      {
        bench: 'speculation',
        about: `${group.about}: ${series}`,
        options: { group: name, temperature, tokens, seed: SEED, models: MODELS },
        columns: COLUMNS,
        rows: summaries(samples),
        notes: lastWhy ? [lastWhy] : [],
      },
      values.output,
    )
  },
})

const COLUMNS = [
  { key: 'name', title: 'plan, policy' },
  { key: 'rounds', title: 'rounds' },
  { key: 'tokSMedian', title: 'tok/s, median' },
  { key: 'tokSMin', title: 'min' },
  { key: 'tokSMax', title: 'max' },
  { key: 'ofFirst', title: 'of first row', decimals: 2 },
  { key: 'ofBest', title: "of its plan's best", decimals: 2 },
  { key: 'acceptance', title: 'acceptance', decimals: 2 },
  { key: 'tokensPerRunMedian', title: 'tokens per run', decimals: 2 },
]

interface Settings {
  readonly temperature: number
  readonly seed: number
  readonly maxTokens: number
  readonly ignoreEos: boolean
  readonly signal: AbortSignal
}

interface Series {
  readonly series: string
  readonly begun: number
  readonly rounds: number
}

/** Loads what the cases need, and runs them in turns, every other round backwards. */
async function measure(target: string, group: Group, settings: Settings, { series, begun, rounds }: Series) {
  const models = new Map<string, Model>()
  const modelOf = async ({ setup }: SpeculationCase): Promise<Model> => {
    const key = JSON.stringify(setup)
    const model = models.get(key) ?? (await load(target, setup, settings))
    models.set(key, model)
    return model
  }
  const samples: Sample[] = []
  try {
    const run = async (speculationCase: SpeculationCase, maxTokens: number): Promise<GenerateResult> => {
      const model = await modelOf(speculationCase)
      const { speculation } = speculationCase
      const result = await model.generate(group.prompt, { ...settings, speculation, maxTokens }).result
      await sleep(PAUSE_MS)
      return result
    }
    for (const speculationCase of group.cases) {
      await run(speculationCase, speculationCase.speculation === 'auto' ? WARM_UP_TOKENS_AUTO : WARM_UP_TOKENS)
    }
    let text: string | undefined
    for (let round = begun; round < begun + rounds; round++) {
      note(`${series}: round ${round + 1} of ${begun + rounds}\n`)
      for (const speculationCase of round % 2 === 0 ? group.cases : group.cases.toReversed()) {
        const { choices, stats } = await run(speculationCase, settings.maxTokens)
        const ids = choices[0]!.ids.join()
        text ??= ids
        if (ids !== text) throw new Error(`${speculationCase.name}: expected the text of the other runs, found another`)
        const { tokS, drafted, accepted, tokensPerRun, speculation: why } = stats
        samples.push({ series, round, name: speculationCase.name, tokS, drafted, accepted, tokensPerRun, why })
      }
    }
  } finally {
    for (const model of models.values()) await model.close()
  }
  // Rows are in the order of the group, whichever way the first round went.
  const place = ({ name }: Sample) => group.cases.findIndex((speculationCase) => speculationCase.name === name)
  return samples.toSorted((a, b) => a.round - b.round || place(a) - place(b))
}

const load = (target: string, setup: Setup, { maxTokens, signal }: Settings): Promise<Model> =>
  loadModel(target, { ...setup, context: Math.max(512, 2 * maxTokens + 256), signal })
