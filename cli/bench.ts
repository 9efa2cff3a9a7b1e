// `tsinfer bench`: prompt and generation speed, in rows like llama-bench's.
import { TsinferError } from '../engine/errors.ts'
import { type GenerateOptions, inspectModel, type LoadOptions, type Model } from '../index.ts'
import { randomIds } from './measure/random-ids.ts'
import {
  type BenchRow,
  csvHeader,
  csvRow,
  type Measured,
  markdownHeader,
  markdownRow,
  shownSteps,
  summarize,
} from './measure/rows.ts'
import { type BenchTest, benchTests, checkFits, positionsOf } from './measure/tests.ts'
import { tune } from './measure/tune.ts'
import type { Values } from './shell/arguments.ts'
import { defineCommand } from './shell/command.ts'
import { EMBEDDED_MODEL, withModel } from './shell/load.ts'
import { draftModelOptions, LOAD_OPTIONS, loadOptions, modelPath, speculationOptions } from './shell/options.ts'
import { noteLine, write, writeJson } from './shell/output.ts'
import { startProgress } from './shell/progress.ts'

const REPETITIONS = 3
const WARM_UP_MS = 300

const lengths = { kind: 'integers', value: 'N,...', least: 0, repeats: true } as const

const OPTIONS = {
  prompts: { ...lengths, names: ['-p', '--n-prompt'], help: 'prompt lengths, 0 = none (128,512)' },
  generated: { ...lengths, names: ['-n', '--n-gen'], help: 'tokens to generate, 0 = none (64)' },
  pairs: {
    ...lengths,
    names: ['-pg', '--n-prompt-gen'],
    value: 'PP,TG',
    count: 2,
    help: 'a prompt and a generation behind it, timed together; may be given several times',
  },
  depths: { ...lengths, names: ['-d', '--n-depth'], help: 'tokens that are in the context already (0)' },
  repetitions: { kind: 'integer', names: ['-r', '--repetitions'], value: 'N', least: 1, help: 'repetitions (3)' },
  output: {
    kind: 'choice',
    names: ['-o', '--output'],
    value: 'FORMAT',
    choices: ['md', 'json', 'jsonl', 'csv'],
    help: 'md, json, jsonl (a line per row, as it is made) or csv (md)',
  },
  tune: { kind: 'flag', names: ['--tune'], help: 'measure lanes, chunk and spins; keep the best for this machine' },
  ...LOAD_OPTIONS,
  threads: {
    ...lengths,
    names: ['-t', '--threads'],
    least: -1,
    help: 'cores to use in all, one after the other; -1 or 0 = those there are (-1)',
  },
} as const

export const command = defineCommand({
  usage: '[MODEL] [-p 128,512] [-n 64] [-pg 512,64] [-d 0] [-t 1,2] [-r 3] [-o md|json|jsonl|csv] | [MODEL] --tune',
  positionalsMax: 1,
  options: OPTIONS,
  async run({ values, positionals, signal }) {
    const { threads: counts = [-1], ...rest } = values
    const path = modelPath(values, positionals) ?? EMBEDDED_MODEL
    if (values.tune) {
      const load = loadOptions(rest)
      return tune(path, tuneOptions(values.threads === undefined ? load : { ...load, threads: counts[0]! }), signal)
    }
    const tests = benchTests(values)
    const context = await contextFor(tests, path, values)
    const { repetitions = REPETITIONS } = values
    const report = new Report(values.output ?? 'md')
    const progress = startProgress('measuring')
    let done = 0
    for (const threads of counts) {
      const load = { ...loadOptions({ ...rest, threads }), ...draftModelOptions(rest), context }
      await withModel(path, load, signal, async (model) => {
        noteLine(shownSteps(model.info))
        for (const test of tests) {
          const measured = await measure(model, test, repetitions, { ...speculationOptions(rest), signal }, () =>
            progress.update(++done / (counts.length * tests.length * repetitions)),
          )
          progress.end()
          report.row(summarize(model.info, test, measured))
        }
      })
    }
    report.end()
  },
})

/** Positions to load the model with. Rejects with `prompt_too_long` before anything is loaded or measured. */
async function contextFor(
  tests: readonly BenchTest[],
  path: string,
  { context }: Values<typeof OPTIONS>,
): Promise<number> {
  const needed = Math.max(2, ...tests.map(positionsOf))
  const inspection = await inspectModel(path, { context: context ?? needed })
  const most = inspection.plan?.contextLength ?? context ?? needed
  checkFits(tests, most)
  return most
}

/** Rows as they are made; JSON at the end, as it is one array. */
class Report {
  readonly #format: 'md' | 'json' | 'jsonl' | 'csv'
  readonly #rows: BenchRow[] = []

  constructor(format: 'md' | 'json' | 'jsonl' | 'csv') {
    this.#format = format
    if (format === 'md') write(markdownHeader)
    if (format === 'csv') write(csvHeader)
  }

  row(row: BenchRow): void {
    this.#rows.push(row)
    if (this.#format === 'md') write(markdownRow(row))
    if (this.#format === 'csv') write(csvRow(row))
    if (this.#format === 'jsonl') writeJson(row)
  }

  end(): void {
    if (this.#format === 'json') writeJson(this.#rows)
  }
}

/** What is tuned for holds for the plan that nobody fixed. */
function tuneOptions({ threads, stages, lanes, chunkRows, ...options }: LoadOptions): LoadOptions {
  if ([threads, stages, lanes, chunkRows].every((value) => value === undefined)) return options
  throw new TsinferError('option_invalid', '--tune: expected neither -t, --stages, --lanes nor -ub, found one of them')
}

/** Kernels are compiled again while they run: warms up at least once and for a while, then measures. */
async function measure(
  model: Model,
  test: BenchTest,
  repetitions: number,
  settings: GenerateOptions,
  onRepetition: () => void,
): Promise<Measured[]> {
  const { promptTokens, generatedTokens, depth } = test
  const ids = randomIds(Math.max(1, depth + promptTokens), model.info.vocabularySize)
  const options = { temperature: 0, ignoreEos: true, cachePrompt: false, ...settings }
  using session = model.session()
  const once = async () => {
    // What a repetition left behind the depth is forgotten; the depth itself stays in its cells.
    if (depth > 0) await model.generate(ids.slice(0, depth), { ...options, maxTokens: 1, session }).result
    const maxTokens = Math.max(1, generatedTokens)
    return (await model.generate(ids, { ...options, maxTokens, ...(depth > 0 ? { session } : {}) }).result).stats
  }
  const startedMs = performance.now()
  do await once()
  while (performance.now() - startedMs < WARM_UP_MS)
  const measured: Measured[] = []
  for (let i = 0; i < repetitions; i++) {
    const { promptMs, decodeMs, reusedTokens, tokS, accepted, itlMsP50, acceptance } = await once()
    const read = ids.length - reusedTokens
    const pairTokS = ((read + generatedTokens) * 1000) / (promptMs + decodeMs)
    const repetitionTokS = promptTokens === 0 ? tokS : generatedTokens === 0 ? (read * 1000) / promptMs : pairTokS
    // Accepted drafts arrive together with the token before them, so single gaps say nothing about speed.
    const hasEvenGaps = promptTokens === 0 && accepted === 0
    measured.push({ tokS: repetitionTokS, tokSTypical: hasEvenGaps ? 1000 / itlMsP50 : repetitionTokS, acceptance })
    onRepetition()
  }
  return measured
}
